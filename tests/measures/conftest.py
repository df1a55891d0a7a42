"""One run of R for all comparisons of escalc."""

from typing import Any

import pytest

from tests.measures.cases import CASES, METAFOR


@pytest.fixture(scope="session")
def metafor(r: Any) -> dict[str, dict[str, list[float | None]]]:
    """What metafor's escalc gives for every case, in one R process."""
    answers: dict[str, dict[str, list[float | None]]] = r(METAFOR, cases=CASES)
    return answers
