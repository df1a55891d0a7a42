"""How the toolkit is cited, and under which terms, is said once and the same everywhere."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What the format asks of every file (Citation File Format 1.2.0).
REQUIRED = {"cff-version", "message", "title", "authors"}


def test_citation_has_what_the_format_asks() -> None:
    assert set(CITATION) >= REQUIRED
    assert CITATION["cff-version"] == "1.2.0"
    assert all({"name"} <= set(author) or {"family-names"} <= set(author) for author in CITATION["authors"])


def test_citation_and_package_agree() -> None:
    assert str(CITATION["version"]) == PROJECT["version"]
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert CITATION["license"] == PROJECT["license"] == licence.split()[0]
    assert CITATION["authors"][0]["name"] in licence
