import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.errors import DataError
from analysis.figures.review_descriptions import describe_risk_of_bias, describe_risk_summary
from analysis.figures.risk_marks import LIGHTS
from analysis.figures.risk_of_bias import STUDIES_PER_SHEET, part_studies, plot_risk_of_bias
from analysis.figures.risk_summary import plot_risk_summary
from analysis.figures.style import BODY, render
from tests.figures.reading import flaws, words
from tests.figures.review_samples import HOSTILE, build, risk_part


def lights(figure: Figure) -> int:
    return sum(len(np.asarray(dots.get_offsets())) for dots in figure.axes[0].collections)


@pytest.mark.parametrize(
    ("studies", "domains", "slab"), [(1, 1, "A"), (100, 6, "Author & Other"), (2, 6, HOSTILE), (12, 16, HOSTILE)]
)
def test_no_words_collide_or_leave_the_page(studies: int, domains: int, slab: str) -> None:
    tables = build({"risk_of_bias": risk_part(studies, domains, slab)}, {"s0": 100.0})
    for sheet in part_studies(tables["risk_of_bias"]):
        assert flaws(plot_risk_of_bias(sheet, tables["risk_of_bias_summary"], title=slab)) == []
    assert flaws(plot_risk_summary(tables["risk_of_bias_summary"], title=slab)) == []


def test_a_hundred_studies_are_parted_into_sheets_that_lose_none() -> None:
    rows = build({"risk_of_bias": risk_part(100)})["risk_of_bias"]
    sheets = part_studies(rows)
    assert [row for sheet in sheets for row in sheet] == rows
    assert all(len({row["study_id"] for row in sheet}) <= STUDIES_PER_SHEET for sheet in sheets)
    assert part_studies([]) == []


def test_every_judgement_has_a_light_with_its_own_sign() -> None:
    tables = build({"risk_of_bias": risk_part(20, 4)})
    summary, rows = tables["risk_of_bias_summary"], tables["risk_of_bias"]
    figure = plot_risk_of_bias(rows, summary)
    key = {(row["mark"], row["level"]) for row in summary}
    assert lights(figure) == 20 * 5 + len(key)
    text = words(figure)
    for mark, light in LIGHTS.items():
        if mark:
            assert text.count(light.sign) == sum(row["mark"] == mark for row in rows) + 1
    assert len({light.sign for light in LIGHTS.values()}) == len(LIGHTS)
    assert len({light.fill for light in LIGHTS.values()}) == len(LIGHTS)


def test_letters_of_studies_are_as_large_as_in_other_figures() -> None:
    figure = plot_risk_of_bias(
        *(build({"risk_of_bias": risk_part(3)})[name] for name in ("risk_of_bias", "risk_of_bias_summary"))
    )
    sizes = {text.get_size() for text in figure.axes[0].texts if text.get_text().startswith("Author")}
    assert sizes == {BODY}


def test_bars_are_as_long_as_the_shares() -> None:
    summary = build({"risk_of_bias": risk_part(20, 2)}, {f"s{i}": 5.0 for i in range(20)})["risk_of_bias_summary"]
    filled = [bar for bar in plot_risk_summary(summary).axes[0].patches if bar.get_fill()]
    shares = [row["share"] for row in summary if row["share"] > 0]
    assert sum(bar.get_width() for bar in filled) == pytest.approx(2 * 3 * filled[0].get_width() / shares[0])
    without = [row | {"weight": None} for row in summary]
    assert "weight" not in words(plot_risk_summary(without))
    assert "weight" in words(plot_risk_summary(summary))


def test_hostile_words_are_text() -> None:
    tables = build({"risk_of_bias": risk_part(3, 3, HOSTILE)})
    for figure in (
        plot_risk_of_bias(tables["risk_of_bias"], tables["risk_of_bias_summary"]),
        plot_risk_summary(tables["risk_of_bias_summary"]),
    ):
        svg = render(figure, "svg").decode()
        assert "<script" not in svg
        assert "\u202e" not in svg


def test_descriptions_count() -> None:
    tables = build({"risk_of_bias": risk_part(10, 2)})
    rows, summary = tables["risk_of_bias"], tables["risk_of_bias_summary"]
    alt = describe_risk_of_bias(rows, summary, 1, 2)["alt"]
    assert alt.startswith("Risk of bias (A tool) of 10 studies, from Author (1900) to Author (1909), sheet 1 of 2.")
    assert "not judged 1" in alt
    assert "not judged 1 of 10 studies." in describe_risk_summary(summary)["alt"]


def test_no_judgements_are_refused() -> None:
    with pytest.raises(DataError, match=r"Bring a risk_of_bias in review\.yaml"):
        plot_risk_of_bias([], [])
    with pytest.raises(DataError, match=r"Bring a risk_of_bias in review\.yaml"):
        plot_risk_summary([])
