"""metafor's diagnostics of multilevel models, asked for once."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def diagnostics(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "influence.R").read_text(encoding="utf-8"))
    return result
