"""`snakemake paths` for published correlations, with the real stages."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.workflow.conftest import ROOT, copy_project, small_choices, snakemake, write_choices

NAME = "attachment_alliance_outcome"


def choices() -> dict[str, object]:
    row = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))["path_models"][NAME]
    return {**small_choices(), "path_models": {NAME: {**row, "draws": 1000}}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_project(tmp_path_factory.mktemp("paths"))
    for source in (ROOT / "data").glob("*_claims"):
        shutil.copytree(source, project / "data" / source.name)
    write_choices(project, choices())
    done = snakemake(project, "paths")
    assert done.returncode == 0, done.stdout
    return project


def test_results_diagrams_and_a_page(folder: Path) -> None:
    assert (folder / "results" / "paths" / NAME / "effects.csv").is_file()
    assert len(list((folder / "results" / "paths" / NAME / "figures").glob("*.svg"))) == 3
    page = (folder / "reports" / "rendered" / NAME / "index.html").read_text(encoding="utf-8")
    assert "If the arrows are right" in page
    assert "Nothing to be done" in snakemake(folder, "paths", "-n").stdout


def test_a_new_title_fits_nothing_again(folder: Path) -> None:
    changed = choices()
    changed["path_models"][NAME]["title"] = "Another title"  # type: ignore[index]
    write_choices(folder, changed)
    announced = snakemake(folder, "paths", "-n").stdout
    write_choices(folder, choices())
    assert f"Write the page of {NAME}" in announced
    assert f"Fit the paths of {NAME}" not in announced


def test_the_first_page_stands_on_it(folder: Path) -> None:
    announced = snakemake(folder, "-n").stdout
    assert "Write the first page" in announced
    assert "--paths" in announced
