"""What runs, what does not run again, and what a user sees when a choice cannot be used."""

import re
from pathlib import Path

import pytest

from tests.workflow.conftest import kill_once, small_choices, snakemake, write_choices

DISPLAY = {
    *("make_tables", "make_ledger", "make_figures", "draw_found"),
    *("render_report", "render_document", "render_index", "all"),
}


def announced(folder: Path) -> str:
    """Return what a dry run prints."""
    done = snakemake(folder, "-n")
    assert done.returncode == 0, done.stdout
    return done.stdout


def jobs(text: str) -> dict[str, int]:
    """Return how many jobs of each rule a dry run announces."""
    if "Nothing to be done" in text:
        return {}
    table = text.partition("Job stats:")[2].partition("total")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def test_a_bare_command_makes_the_first_page(finished: Path) -> None:
    assert (finished / "reports" / "rendered" / "index.html").is_file()


def test_nothing_changed_nothing_to_do(finished: Path) -> None:
    write_choices(finished, small_choices())
    assert jobs(announced(finished)) == {}


def test_a_changed_model_row_fits_that_model_alone(finished: Path) -> None:
    choices = small_choices()
    choices["models"]["dersimonian_laird"]["test"] = "t"  # type: ignore[index]
    write_choices(finished, choices)
    text = announced(finished)
    assert jobs(text) == {"fit_frequentist": 1} | dict.fromkeys(DISPLAY, 1)
    assert "Fit dersimonian_laird to small" in text


def test_a_new_title_fits_nothing(finished: Path) -> None:
    choices = small_choices()
    choices["analyses"]["small"]["title"] = "Another title"  # type: ignore[index]
    write_choices(finished, choices)
    assert set(jobs(announced(finished))) == DISPLAY


def test_a_model_more_fits_that_model_alone(finished: Path) -> None:
    choices = small_choices()
    choices["analyses"]["small"]["models"].append("equal_effects")  # type: ignore[index]
    write_choices(finished, choices)
    assert jobs(announced(finished))["fit_frequentist"] == 1


def test_an_edited_figure_draws_again_and_fits_nothing(finished: Path) -> None:
    write_choices(finished, small_choices())
    module = finished / "analysis" / "figures" / "__init__.py"
    module.write_text(module.read_text() + "\n")
    assert set(jobs(announced(finished))) == DISPLAY - {"make_tables", "make_ledger"} | {"render_api"}


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (
            "measure",
            "ZCORR",
            'config/config.yaml: analyses.small.measure: "ZCORR" is not a measure. Did you mean ZCOR?',
        ),
        (
            "filter",
            {"yaer": 1},
            'config/config.yaml: analyses.small.filter.yaer: "yaer" is not a column of congruence.',
        ),
    ],
)
def test_a_choice_that_cannot_be_used_stops_at_once(project: Path, key: str, value: object, sentence: str) -> None:
    choices = small_choices()
    choices["analyses"]["small"][key] = value  # type: ignore[index]
    write_choices(project, choices)
    done = snakemake(project, "-n")
    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert 'File "' not in done.stdout
    assert not (project / "results").exists()


def test_a_choice_on_the_command_line_is_checked_too(project: Path) -> None:
    done = snakemake(project, "-n", "--config", "level=900")
    assert done.returncode == 1
    assert "level: 900 is out of range. Give a value below 100." in done.stdout


def test_a_killed_run_is_taken_up_by_the_same_command(project: Path) -> None:
    (project / "slow").touch()
    kill_once(project, "results/small/*/fit.json")
    assert not (project / "reports" / "rendered" / "index.html").exists()
    (project / "slow").unlink()
    done = snakemake(project)
    assert done.returncode == 0, done.stdout
    assert (project / "reports" / "rendered" / "index.html").is_file()
