import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from scipy.special import ndtr

from analysis.errors import DataError
from analysis.figures.funnel import plot_funnel
from tests.figures.reading import flaws, words
from tests.figures.samples import make_sample


@pytest.mark.parametrize("measure", ["ZCOR", "OR", "SMD", "PLO"])
@pytest.mark.parametrize("k", [1, 18])
def test_no_words_collide_or_leave_the_page(k: int, measure: str) -> None:
    figure = plot_funnel(make_sample(k).studies, estimate=0.3, tau2=0.03, measure=measure, title="A title")
    assert flaws(figure) == []


def test_shades_end_where_p_is_what_the_legend_says() -> None:
    (axes,) = plot_funnel(make_sample(18).studies, estimate=0.3, measure="ZCOR").axes
    shades = [area for area in axes.collections if isinstance(area, PolyCollection)]
    corners = [area.get_paths()[0].vertices for area in shades]
    edges = [polygon[np.argmax(polygon[:, 0])] for polygon in corners]
    assert [2 * ndtr(-x / se) for x, se in edges] == pytest.approx([0.01, 0.05, 0.10])


def test_the_legend_names_shades_and_lines() -> None:
    shown = words(plot_funnel(make_sample(18).studies, estimate=0.3, tau2=0.0321, measure="ZCOR"))
    assert {"p > .10", ".05 < p ≤ .10", ".01 < p ≤ .05", "p ≤ .01", "Pooled r = .29"} <= set(shown)
    assert any("0.032" in line for line in shown)


def test_precise_studies_are_at_the_top() -> None:
    (axes,) = plot_funnel(make_sample(18).studies, estimate=0.3, measure="ZCOR").axes
    bottom, top = axes.get_ylim()
    assert bottom > top == 0


def test_a_proportion_has_no_contours() -> None:
    figure = plot_funnel(make_sample(18).studies, estimate=-1.0, measure="PLO")
    assert "p > .10" not in words(figure)


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(DataError, match="no effect to draw"):
        plot_funnel([], estimate=0.3, measure="ZCOR")
