"""The manual names every key a row may hold, and its table of named priors is that of the code."""

from pathlib import Path

import pytest

from analysis.bayesian import NAMED_PRIORS
from analysis.bayesian.families import LOCATION_FAMILIES, SCALE_FAMILIES
from analysis.files import load_schema
from analysis.reporting.bibtex import parse_bibtex
from analysis.reporting.references import Citations

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
WORKS = parse_bibtex((ROOT / "reports" / "references.bib").read_text(encoding="utf-8"))
ROLES = {"mu": "mean", "beta": "coefficient", "tau": "standard deviation"}
HEAD = ["| name | prior | of a | on the scale of | reason | source |", "| --- | --- | --- | --- | --- | --- |"]


def table_of_priors() -> list[str]:
    """The table as it has to stand in config/README.md; numbers to four digits."""
    rows = []
    for entry in NAMED_PRIORS.values():
        numbers = ", ".join(f"{value:.4g}" for value in entry.prior.parameters)
        measures, source = (
            " ".join(f"`{measure}`" for measure in entry.measures),
            Citations(WORKS).narrative(entry.source),
        )
        cells = (
            *(f"`{entry.name}`", f"`{entry.prior.family}({numbers})`", ROLES[entry.role]),
            *(f"{measures}: {entry.scale}", entry.reason, source.striptags()),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return [*HEAD, *rows]


def test_named_priors_are_those_of_the_code() -> None:
    """Where this fails, replace the table by what is expected here."""
    stated = [line for line in MANUAL.splitlines() if line.startswith("|")]
    start = stated.index(HEAD[0])
    expected = table_of_priors()
    assert stated[start : start + len(expected)] == expected
    following = stated[start + len(expected) : start + len(expected) + 1]
    assert not following or not following[0].startswith("| `weak_")


@pytest.mark.parametrize("family", {**LOCATION_FAMILIES, **SCALE_FAMILIES})
def test_every_family_is_written_out(family: str) -> None:
    signature = {**LOCATION_FAMILIES, **SCALE_FAMILIES}[family].signature
    assert f"`{family}{signature}`" in MANUAL


def test_every_key_is_explained() -> None:
    schema = load_schema("config")["properties"]
    analysis = schema["analyses"]["additionalProperties"]["properties"]
    rows = (schema, analysis, schema["model_defaults"]["properties"], schema["bayesian_defaults"]["properties"])
    rows += (schema["multiverse_defaults"]["properties"],)
    explained = [line.split("|")[1] for line in MANUAL.splitlines() if line.startswith("| `")]
    missing = {key for row in rows for key in row if not any(f"`{key}`" in cell for cell in explained)}
    assert not missing
