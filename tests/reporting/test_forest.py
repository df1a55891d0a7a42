"""The forest plot of a page: marks stand where the values are, rows carry what stands in the tables."""

import csv
import math
import re
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.reporting.display import show_rows
from analysis.reporting.forest_marks import EDGE, WIDTH, Axis, axis_ticks, build_axis, null_place
from analysis.reporting.sweep import build_sweep
from analysis.stages import make_ledger, make_tables, render_report
from analysis.tables.raw import build_raw_table
from tests.fake_results import Folder, build_folder

ROOT = Path(__file__).parents[2]
AXIS = Axis(-1.0, 1.0)


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


def page_of(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(ROOT)
    assert make_tables.main(folder.tables_arguments()) == 0
    assert make_ledger.main(folder.ledger_arguments()) == 0
    assert render_report.main(folder.report_arguments()) == 0
    return (folder.page / "index.html").read_text(encoding="utf-8")


def forest_of(page: str) -> str:
    return re.search(r'<figure class="table forest".*?</figure>', page, re.DOTALL)[0]  # type: ignore[index]


# --- Marks ----------------------------------------------------------------------------------------


def test_values_stand_in_proportion_and_ends_are_kept() -> None:
    assert [AXIS.place(value) for value in (-1.0, 0.0, 1.0)] == [EDGE, WIDTH / 2, WIDTH - EDGE]
    assert AXIS.place(0.5) - AXIS.place(0.0) == pytest.approx(AXIS.place(0.0) - AXIS.place(-0.5))
    assert AXIS.place(7.0) == WIDTH - EDGE


def test_an_interval_has_an_arrowhead_only_where_it_leaves_the_axis() -> None:
    assert AXIS.whisker(-0.5, 0.5) == "M85 12H235"
    assert AXIS.whisker(-2.0, 0.5).count("M") == 2
    assert AXIS.whisker(-2.0, 2.0).count("M") == 3
    assert AXIS.whisker(math.nan, 0.5) == ""


def test_areas_of_squares_are_proportional_to_weights() -> None:
    whole, quarter = AXIS.square(0.0, 8.0, 8.0), AXIS.square(0.0, 2.0, 8.0)
    assert whole is not None
    assert quarter is not None
    assert quarter.side == whole.side / 2
    assert whole.x + whole.side / 2 == WIDTH / 2
    assert AXIS.square(1.5, 8.0, 8.0) is None
    tiny = AXIS.square(0.0, 0.0, 8.0)
    assert tiny is not None
    assert tiny.side > 0


def test_a_diamond_reaches_from_limit_to_limit_and_peaks_at_the_mean() -> None:
    xs = numbers(AXIS.diamond(-0.2, 0.1, 0.6))[0::2]
    assert xs == [AXIS.place(-0.2), AXIS.place(0.1), AXIS.place(0.6), AXIS.place(0.1)]
    assert AXIS.diamond(math.nan, 0.1, 0.6) == ""
    assert AXIS.bar(math.nan, 0.6) == ""
    assert AXIS.diamond(-2.0, 0.1, 0.6).count("Z") == 2


def test_the_axis_is_that_of_the_figure_and_its_ticks_are_on_it() -> None:
    studies = [(-0.3, 0.1, 0.5), (0.0, 0.2, 0.4), (-0.1, 0.3, 0.7)]
    axis = build_axis(studies, [0.2, 0.1, 0.3, -0.2, 0.6], [], "OR")
    ticks = axis_ticks(axis, "OR")
    assert all(EDGE <= x <= WIDTH - EDGE for x, _ in ticks)
    assert all(after > before for (before, _), (after, _) in pairwise(ticks))
    assert dict((label, x) for x, label in ticks)["1"] == null_place(axis, "OR")
    assert null_place(build_axis(studies, [], [], "PLO"), "PLO") is None


# --- What the rows hold ---------------------------------------------------------------------------


def test_every_row_has_its_numbers_raw_cells_and_the_result_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_folder(tmp_path, left_out=True)
    forest = forest_of(page_of(folder, monkeypatch))
    assert 'id="table-studies"' in forest
    assert forest.count('<template class="without"') == 12
    raw = list(csv.DictReader((folder.results / "tables" / "raw.csv").read_text(encoding="utf-8").splitlines()))
    given = {f"raw.csv:{line}:given" for line, row in enumerate(raw, start=2) if row["given"]}
    assert given <= set(re.findall(r'data-source="(raw[^"]+)"', forest))
    assert {"influence.csv:5:estimate", "influence.csv:5:pval", "headline.csv:2:estimate"} <= set(
        re.findall(r'data-source="([^"]+)"', forest)
    )
    # The interval of the last effect is the one that turns the conclusion.
    assert forest.count("The conclusion changes") == 1


def test_with_a_moderated_headline_the_plot_is_that_of_the_mean_and_its_coefficients_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_folder(tmp_path, with_moderators=True, headline="by_dimension", left_out=True)
    path = folder.results / "fragility" / "influence.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("intrcpt", "alliance"), encoding="utf-8")
    page = page_of(folder, monkeypatch)
    forest = forest_of(page)
    assert 'id="table-forest"' in forest
    assert 'id="table-studies"' in page
    assert "pooled_studies.csv:2:effect" in forest
    assert "the coefficient alliance of the model by dimension is" in forest
    assert set(re.findall(r'data-diamond="([^"]*)"', forest)) == {""}
    told = re.findall(r'data-with="(\d)"> With it: <i>b</i>', forest)
    assert len(told) == 4
    assert set(re.findall(r'data-before="(\d)"', forest)) == {"1"}


def test_paper_keeps_the_figure_and_the_table_of_studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_folder(tmp_path, left_out=True)
    page_of(folder, monkeypatch)
    paper = (folder.results / "paper.html").read_text(encoding="utf-8")
    assert 'figure class="table forest"' not in paper
    assert '<img src="figures/forest.svg"' in paper
    assert 'id="table-studies"' in paper
    assert "<template" not in paper
    assert "<input" not in paper


# --- Tables behind it -----------------------------------------------------------------------------

ANALYSIS = {"dataset": "d", "measure": "ZCOR", "aggregate_rho": None, "moderators": ["age"], "forest_group": None}
LINES = [
    {"row": 2, "effect_id": "a1", "study_id": "a", "slab": "A", "ri": 0.1, "ni": 40.0, "age": 30.0, "open": True},
    {"row": 3, "effect_id": "a2", "study_id": "a", "slab": "A", "ri": 0.2, "ni": 40.0, "age": None, "open": True},
    {"row": 4, "effect_id": "a3", "study_id": "a", "slab": "A", "ri": 0.9, "ni": 10.0, "age": 30.0, "open": None},
]


def test_raw_cells_keep_their_line_and_say_what_they_are_for() -> None:
    rows = build_raw_table(LINES[:2], LINES, [{"row": 4}], ANALYSIS)
    assert [(row["effect_id"], row["column"], row["role"], row["given"], row["word"]) for row in rows] == [
        ("a1", "ri", "input", 0.1, None),
        ("a1", "ni", "input", 40.0, None),
        ("a1", "age", "moderator", 30.0, None),
        ("a1", "open", "other", None, "yes"),
        ("a2", "ri", "input", 0.2, None),
        ("a2", "ni", "input", 40.0, None),
        ("a2", "open", "other", None, "yes"),
    ]
    assert {row["source"] for row in rows} == {"data/d/effects.csv:2", "data/d/effects.csv:3"}


def test_of_a_composite_only_what_its_lines_agree_on_is_stated() -> None:
    study = {"row": 2, "effect_id": "a", "study_id": "a"}
    rows = build_raw_table([study], LINES, [{"row": 4}], {**ANALYSIS, "aggregate_rho": 0.6})
    assert [row["column"] for row in rows] == ["ni", "open"]


def test_a_slider_begins_at_the_correlation_of_the_model() -> None:
    row = {"model": "m", "term": "intrcpt", "structure": "s", "estimate": 0.1, "tau2": 0.1}
    records = [{**row, "rho": rho} for rho in (0.9, 0.0, 0.3)]
    shown = {"sweep": show_rows("sweep", records, "ZCOR")}
    (swept,) = build_sweep([{"name": "m", "rho": 0.3}], shown)
    assert [one["rho"].value for one in swept.rows] == [0.0, 0.3, 0.9]
    assert (swept.own, swept.exact) == (1, True)
    (swept,) = build_sweep([{"name": "m", "rho": 0.4}], shown)
    assert (swept.own, swept.exact) == (1, False)
    assert build_sweep([{"name": "m", "rho": 0.4}], {"sweep": shown["sweep"][:1]}) == []
