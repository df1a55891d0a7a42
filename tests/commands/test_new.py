"""`python -m analysis new`: a folder that says what to do next, and nothing overwritten."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from analysis.commands.new import new
from analysis.files import check_dataset
from analysis.vocabulary import MEASURE_INPUTS


@pytest.mark.parametrize("measure", MEASURE_INPUTS)
def test_a_new_folder_has_the_columns_of_its_measure(tmp_path: Path, measure: str) -> None:
    folder = tmp_path / "levy2018"
    shown = CliRunner().invoke(new, [str(folder), "--measure", measure])
    assert shown.exit_code == 0, shown.output
    assert {path.name for path in folder.iterdir()} == {"README.md", "claims.csv", "dataset.yaml", "effects.csv"}
    header = (folder / "effects.csv").read_text(encoding="utf-8").strip().split(",")
    assert set(MEASURE_INPUTS[measure][0]) <= set(header)
    described = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    assert (described["name"], described["measure"]) == ("levy2018", measure)


def test_what_is_left_to_fill_in_is_what_check_lists_and_then_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    CliRunner().invoke(new, [str(folder)])
    missing = {str(problem.what).split()[0] for problem in check_dataset(folder)}
    assert missing == {"question", "citation", "licence", "source", "provenance", "direction", "there"}
    text = (folder / "dataset.yaml").read_text(encoding="utf-8")
    (folder / "dataset.yaml").write_text(text.replace('""', '"filled in"'), encoding="utf-8")
    with (folder / "effects.csv").open("a", encoding="utf-8") as stream:
        stream.write("a1,a,Able (2001),0.3,40,,\n")
    assert check_dataset(folder) == []


@pytest.mark.parametrize("name", ["Levy2018", "levy-2018", "2018levy", "levy 2018", "l\u00e9vy", "levy.2018"])
def test_a_name_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    shown = CliRunner().invoke(new, [str(tmp_path / name)])
    assert shown.exit_code == 1
    assert "lower-case letters" in shown.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "dataset.yaml").write_text("mine", encoding="utf-8")
    shown = CliRunner().invoke(new, [str(folder)])
    assert shown.exit_code == 1
    assert "not empty" in shown.output
    assert [(path.name, path.read_text(encoding="utf-8")) for path in folder.iterdir()] == [("dataset.yaml", "mine")]


def test_an_unknown_measure_is_refused(tmp_path: Path) -> None:
    shown = CliRunner().invoke(new, [str(tmp_path / "mine"), "--measure", "ZCR"])
    assert shown.exit_code == 2
    assert not (tmp_path / "mine").exists()
