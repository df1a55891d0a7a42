"""The path diagram: nothing overlaps, nothing falls off the page, the same bytes each time."""

from itertools import combinations
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from analysis.errors import DataError
from analysis.figures.path_diagram import draw_path_diagram
from analysis.figures.style import render


def path(source: str, outcome: str, estimate: float = 0.2, kind: str = "direct") -> dict[str, Any]:
    limits = {"estimate": estimate, "ci_lb": estimate - 0.1, "ci_ub": estimate + 0.1}
    return {"source": source, "outcome": outcome, "kind": kind, **limits}


MEDIATION = [
    path("attachment anxiety", "alliance", -0.09),
    path("alliance", "outcome"),
    path("attachment anxiety", "outcome"),
]
TWO_CAUSES = [
    path("positive", "engagement"),
    path("negative", "engagement", -0.26),
    path("engagement", "achievement"),
    path("positive", "achievement", 0.05),
    path("negative", "achievement", -0.09),
    path("positive", "negative", -0.24, "correlation"),
]
LONG = [
    *MEDIATION,
    path("outcome", "a very long name of something that was measured years later"),
    path("alliance", "later"),
]


def drawn(figure: Figure) -> list[Any]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    return [text.get_window_extent(renderer) for text in figure.axes[0].texts]


@pytest.mark.parametrize("paths", [MEDIATION, TWO_CAUSES, LONG], ids=["mediation", "two causes", "long"])
def test_texts_do_not_overlap(paths: list[dict[str, Any]]) -> None:
    figure = draw_path_diagram(paths, title="A title")
    boxes, page = drawn(figure), figure.bbox
    for one, other in combinations(boxes, 2):
        assert not one.padded(-1.5).overlaps(other.padded(-1.5))
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)


FOUR_BOXES = [
    path("positive relationship", "engagement"),
    path("negative relationship", "engagement", -0.26),
    path("engagement", "achievement"),
    path("positive relationship", "achievement", 0.05),
    path("negative relationship", "achievement", -0.09),
    path("positive relationship", "negative relationship", -0.24, "correlation"),
]


@pytest.mark.parametrize("paths", [MEDIATION, TWO_CAUSES, FOUR_BOXES, LONG], ids=["one", "two", "wide", "long"])
def test_no_label_lies_on_the_line_of_another(paths: list[dict[str, Any]]) -> None:
    """Read from the drawing: every arrow is one patch, every label two texts, both in the order of the paths."""
    figure = draw_path_diagram(paths, title="A title")
    axes, renderer = figure.axes[0], FigureCanvasAgg(figure).get_renderer()
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    texts = [text for text in axes.texts if text.get_text()[0] in "[0\u2212"]
    assert (len(arrows), len(texts)) == (len(paths), 2 * len(paths))
    for number, arrow in enumerate(arrows):
        line = arrow.get_path().interpolated(200)
        points = axes.transData.transform(line.vertices)
        others = [text for place, text in enumerate(texts) if place // 2 != number]
        for text in others:
            box = text.get_window_extent(renderer)
            inside = (points > box.min) & (points < box.max)
            assert not inside.all(axis=1).any(), (paths[number], text.get_text())


def test_svg_is_deterministic_and_holds_its_numbers() -> None:
    first, again = (render(draw_path_diagram(MEDIATION, title="A title", notes=["A note."]), "svg") for _ in range(2))
    assert first == again
    assert b"\xe2\x88\x920.09" in first


@pytest.mark.parametrize("paths", [[], [path("a", "b"), path("b", "a")], [path("a", "b", kind="correlation")]])
def test_refuses(paths: list[dict[str, Any]]) -> None:
    with pytest.raises(DataError):
        draw_path_diagram(paths, title="")
