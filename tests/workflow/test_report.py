"""`snakemake --report`: what it shows is sorted, labelled and explained, and it is really made."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.workflow.conftest import snakemake
from tests.workflow.test_rules import ROOT, RULE_FILES

# The order in which a reader asks; Snakemake sorts categories by name.
CATEGORIES = [
    *("1 Pages", "2 Effect sizes", "3 Figures", "4 Tables", "5 Models", "6 Robustness", "7 Reproduction"),
    *("8 Path models", "9 Provenance"),
]
MARKED = [
    (path.name, body)
    for path in RULE_FILES
    for body in re.findall(r"report\(\n(.*?)^        \),?$", path.read_text(), re.MULTILINE | re.DOTALL)
]
CATEGORY = re.compile(r'\bcategory="([^"]+)"')
KINDS = {"table", "figure", "page"}


def test_every_marker_is_seen() -> None:
    assert len(MARKED) == sum(path.read_text().count("=report(") for path in RULE_FILES)
    assert len(MARKED) > 20


@pytest.mark.parametrize(("name", "body"), MARKED)
def test_marked_files_have_category_labels_and_caption(name: str, body: str) -> None:
    category, caption = CATEGORY.search(body), re.search(r'caption="\.\./\.\./([^"]+)"', body)
    labels = re.search(r"labels=(\{.*\}),?$", body, re.MULTILINE)
    assert category is not None
    assert labels is not None
    assert caption is not None
    assert category[1] in CATEGORIES
    said = json.loads(labels[1])
    assert next(iter(said)) == "analysis"
    # One kind at the end, so that the lists of one category have the same columns.
    assert len(KINDS & set(said)) == 1
    assert list(said)[-1] in KINDS
    assert set(said) <= {"analysis", "model", *KINDS}
    # What one sees, not only which file it is.
    assert len((ROOT / caption[1]).read_text().split()) >= 15


def test_every_caption_is_used() -> None:
    used = {caption for _, body in MARKED for caption in re.findall(r"captions/(\w+)\.rst", body)}
    assert used == {path.stem for path in (ROOT / "reports" / "captions").glob("*.rst")}


def test_categories_are_all_used() -> None:
    assert {found for _, body in MARKED for found in CATEGORY.findall(body)} == set(CATEGORIES)


def test_report_is_made(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    done = snakemake(folder, "--report", "report.html")
    assert done.returncode == 0, done.stdout
    assert "Warning" not in done.stdout
    page = (folder / "report.html").read_text(encoding="utf-8")
    categories = read_variable(page, "categories")
    assert sorted(categories) == [name for name in CATEGORIES if name != "8 Path models"]
    results = read_variable(page, "results")
    assert len(results) > 10
    assert all(result["labels"] for result in results.values())
    assert all(result["caption"].strip() for result in results.values())
    assert results["results/small/dersimonian_laird/coefficients.csv"]["labels"] == {
        "analysis": "small",
        "model": "dersimonian_laird",
        "table": "coefficients",
    }
    assert results["results/small/figures/forest.svg"]["labels"] == {"analysis": "small", "figure": "forest"}
    assert "Figure <em>forest</em> of small" in results["results/small/figures/forest.svg"]["caption"]


def read_variable(page: str, name: str) -> dict[str, dict[str, str]]:
    """Return what a script of the report assigns to a variable."""
    found = re.search(rf"(?:var|let|const) {name} = (?=\{{)", page)
    assert found is not None
    value, _ = json.JSONDecoder().raw_decode(page[found.end() :])
    return value
