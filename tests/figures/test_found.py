"""The figure of what was found: whose mean it shows, what is said of it, and what it does with odd rows."""

from typing import Any
from xml.etree import ElementTree

import pytest

from analysis.errors import DataError
from analysis.figures.found import plot_found
from analysis.figures.found_words import describe_caption, describe_found, summarise_found
from analysis.figures.style import render
from analysis.formatting import MINUS
from analysis.tables.found import build_found_table

HEADLINE = {"analysis": "a", "title": "A and B", "synthetic": False, "measure": "ZCOR", "mods": None, "model": "own"}
MODEL = {
    **{"model": "own", "engine": "frequentist", "k": 9, "n_studies": 8, "level": 95.0},
    **{"estimate": 0.3, "ci_lb": 0.1, "ci_ub": 0.5, "pi_lb": -0.2, "pi_ub": 0.7},
}
BARE: dict[str, Any] = {"estimate": None, "ci_lb": None, "ci_ub": None, "pi_lb": None, "pi_ub": None}


def row(**changes: Any) -> dict[str, Any]:
    (made,) = build_found_table([([HEADLINE], [MODEL])])
    return made | changes


def elements(rows: list[dict[str, Any]]) -> dict[str, list[ElementTree.Element]]:
    """Return what is written in the figure, by its words."""
    tree = ElementTree.fromstring(render(plot_found(rows), "svg"))
    found: dict[str, list[ElementTree.Element]] = {}
    for element in tree.iter("{http://www.w3.org/2000/svg}text"):
        found.setdefault(element.text or "", []).append(element)
    return found


def test_headline_is_preferred_and_its_line_is_named() -> None:
    made = build_found_table([([HEADLINE], [MODEL | {"model": "other", "estimate": 0.2}, MODEL])])
    assert [(one["model"], one["estimate"], one["source"]) for one in made] == [("own", 0.3, "a/tables/models.csv:3")]


def test_where_the_headline_has_moderators_a_frequentist_mean_stands_in() -> None:
    models = [
        MODEL | BARE,
        MODEL | {"model": "bayesian", "engine": "exact"},
        MODEL | {"model": "plain", "estimate": 0.2},
    ]
    (made,) = build_found_table([([HEADLINE | {"mods": "age"}], models)])
    assert (made["model"], made["estimate"], made["moderated"]) == ("plain", 0.2, True)


def test_no_mean_is_refused() -> None:
    with pytest.raises(DataError, match=r"a: none of its models has a mean\. List one"):
        build_found_table([([HEADLINE], [MODEL | BARE])])


def test_sentences_count_published_data_only() -> None:
    rows = [
        row(),
        row(analysis="b", ci_lb=-0.1),
        row(analysis="c", pi_lb=0.05),
        row(analysis="d", pi_lb=None, pi_ub=None),
        row(analysis="e", synthetic=True, ci_lb=-0.1),
    ]
    assert summarise_found(rows) == (
        "In three of four analyses of published studies the mean effect differs from zero (95% confidence interval). "
        "In two of three the prediction interval includes zero: "
        "a further study may still find no effect, or the opposite one."
    )


def test_ratios_are_held_against_one() -> None:
    ratio = row(measure="OR", estimate=1.5, ci_lb=0.8, ci_ub=2.0, pi_lb=1.1, pi_ub=3.0)
    assert summarise_found([ratio]).startswith("In none of one")
    assert "In none of one the prediction interval" in summarise_found([ratio])


def test_only_simulated_data_found_nothing() -> None:
    with pytest.raises(DataError, match="all data are simulated"):
        summarise_found([row(synthetic=True)])


def test_levels_that_differ_are_all_told() -> None:
    assert "90% or 95%" in describe_caption([row(), row(level=90.0)])


def test_simulated_data_stand_below_and_say_so() -> None:
    rows = [row(analysis="s", title="Drawn", synthetic=True), row(), row(analysis="g", title="C", measure="SMD")]
    drawn = elements(rows)
    order = ["Published studies", "A and B, 8 studies", "C, 8 studies"]
    order += ["Simulated studies: they describe no patients", "Drawn, 8 studies"]
    heights = [float(drawn[text][0].get("y", "")) for text in order]
    assert heights == sorted(heights)
    assert len(drawn["Published studies"]) == 1
    assert {"r = .30 [.10, .50]", "g = 0.30 [0.10, 0.50]"} <= set(drawn)


def test_alternative_text_tells_every_mean() -> None:
    told = describe_found([row(), row(analysis="s", title="Drawn", synthetic=True, pi_lb=None, pi_ub=None)])
    assert f"Published studies. A and B: r = .30 [.10, .50], a further study from {MINUS}.20 to .70." in told
    assert told.endswith("Simulated studies. Drawn: r = .30 [.10, .50].")


def test_a_stranger_s_title_is_text_and_fits() -> None:
    title = '<script>alert("x")</script> $x^2$ ' + "long " * 60
    data = render(plot_found([row(title=title)]), "svg")
    tree = ElementTree.fromstring(data)
    assert not [element for element in tree.iter() if str(element.tag).endswith("script")]
    assert any(text.startswith("<script>") for text in elements([row(title=title)]))


def test_the_same_rows_give_the_same_bytes() -> None:
    assert render(plot_found([row()]), "svg") == render(plot_found([row()]), "svg")


def test_nothing_to_draw() -> None:
    with pytest.raises(DataError, match="there is no analysis to draw"):
        plot_found([])
