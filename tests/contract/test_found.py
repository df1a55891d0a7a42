"""What the README says was found is what comes out of the data: its figure, its sentences, its numbers."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from analysis.figures.found import plot_found
from analysis.figures.found_words import NUMERALS, summarise_found
from analysis.figures.style import render
from analysis.formatting import format_shown, format_shown_interval
from analysis.models import build_fit_document, build_model_tables, fit_model
from analysis.reproduction.corpus import count_by_effects
from analysis.rows import ModelRow, model_with_mean
from analysis.tables.found import build_found_table
from analysis.tables.models import build_models_table
from analysis.tables.records import ModelResults
from analysis.teaching import open_analysis
from tests.corpus.conftest import NAMES
from tests.corpus.test_pinned import PINNED

ROOT = Path(__file__).parents[2]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
MOST_BYTES = 100_000
# Points of the figure.
STILL = 0.05
UPDATE = "If the change is meant, run the workflow, then: cp reports/rendered/found.svg reports/found.svg"


def found(name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fit the mean of an analysis, and return the tables that the figure is drawn from."""
    opened = open_analysis(ROOT, name)
    headline = opened.models[opened.analysis.headline]
    row = model_with_mean(headline.name, [opened.models[model] for model in opened.analysis.models])
    assert isinstance(headline, ModelRow)
    fitted = fit_model(opened.effects, row, measure=opened.measure)
    tables = build_model_tables(fitted, group=opened.analysis.forest_group)
    results = ModelResults(name=row.name, fit=build_fit_document(fitted, tables), tables=tables)
    about = {"analysis": name, "title": opened.analysis.title, "measure": opened.measure, "mods": headline.mods}
    synthetic = bool(opened.dataset.meta["synthetic"])
    return [about | {"synthetic": synthetic, "model": headline.name}], build_models_table([results], opened.measure)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    from analysis.config import load_config

    names = load_config(ROOT / "config/config.yaml", ROOT / "data").analyses
    return build_found_table([found(name) for name in names])


def words_and_numbers(data: bytes) -> tuple[list[str], list[float]]:
    tree = ElementTree.fromstring(data)
    words = [element.text or "" for element in tree.iter() if str(element.tag).endswith("}text")]
    # Not the shapes of markers, whose identifiers differ between versions of the library that draws them.
    places = [element.get("d", "") for element in tree.iter() if element.get("clip-path")]
    places += [f"{element.get('x')} {element.get('y')}" for element in tree.iter() if str(element.tag).endswith("}use")]
    return words, [float(number) for place in places for number in re.findall(r"-?\d+(?:\.\d+)?", place)]


def test_figure_is_what_comes_out(rows: list[dict[str, Any]]) -> None:
    committed = (ROOT / "reports/found.svg").read_bytes()
    words, numbers = words_and_numbers(committed)
    now, fresh = words_and_numbers(render(plot_found(rows), "svg"))
    assert words == now, UPDATE
    assert numbers, "nothing is drawn"
    assert numbers == pytest.approx(fresh, abs=STILL), UPDATE


def test_figure_can_be_shown_anywhere() -> None:
    """Small, on a ground of its own in light and dark, and fetching nothing."""
    data = (ROOT / "reports/found.svg").read_bytes()
    assert len(data) < MOST_BYTES
    text = data.decode()
    assert "fill: #ffffff" in text[: text.index("<text")]
    assert not re.search(r"<script|<image|href=\"(?!#)|url\((?!#)", text)


def test_readme_shows_the_figure_and_tells_what_it_shows(rows: list[dict[str, Any]]) -> None:
    shown = re.search(r"!\[([^]]*)\]\(reports/found\.svg\)", README)
    assert shown is not None
    published = [row for row in rows if not row["synthetic"]]
    scales = [sum(row["measure"] == measure for row in published) for measure in ("ZCOR", "SMD")]
    counts = [NUMERALS[count] for count in (len(rows), len(published), *scales, len(rows) - len(published))]
    total, real, correlations, differences, simulated = counts
    assert shown[1] == (
        f"Mean effects of {total} analyses with confidence and prediction intervals; {real} of published studies, "
        f"{correlations} of them correlations and {differences} standardised mean differences, "
        f"and below them {simulated} of simulated studies"
    )


def test_sentences_of_the_readme_are_so(rows: list[dict[str, Any]]) -> None:
    assert summarise_found(rows) in README, f"The README should say: {summarise_found(rows)}"
    regard = next(row for row in rows if row["analysis"] == "positive_regard")
    mean = format_shown(regard["estimate"], "ZCOR")
    interval = format_shown_interval(regard["ci_lb"], regard["ci_ub"], "ZCOR")
    low, high = (format_shown(regard[f"pi_{side}"], "ZCOR") for side in ("lb", "ub"))
    sentence = (
        f"outcome at r = {mean}, 95% CI {interval}, over {regard['n_studies']} studies; "
        f"the next study may lie anywhere from {low} to {high}."
    )
    assert sentence in README, f"The README should say: … {sentence}"


def test_corpus_is_counted_as_it_comes_out() -> None:
    """From the pinned ledger, which a test of its own holds to the data."""
    import csv

    with PINNED.open(encoding="utf-8", newline="") as stream:
        counts = count_by_effects(list(csv.DictReader(stream)))
    printed = {row["verdict"]: row["meta_analyses"] for row in counts if row["effects"] == "printed"}
    sentence = (
        f"Of {len(NAMES)} published meta-analyses pooled again from the effects they print, "
        f"{printed['reproduced']} reproduce every mean, {printed['within tolerance']} more come within 5 per cent, "
        f"{printed['differs']} differ."
    )
    assert sentence in README, f"The README should say: {sentence}"
