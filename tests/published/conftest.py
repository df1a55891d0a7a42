"""One call to R for every table that a published analysis needs."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def tables(r: Any) -> dict[str, Any]:
    """Tables of metadat by name, each with `yi`, `vi` and the moderators used."""
    result: dict[str, Any] = r((Path(__file__).parent / "tables.R").read_text(encoding="utf-8"))
    return result
