"""What a reader gets from a figure: the words of its SVG, and where they stand on the page."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations, pairwise

from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from analysis.figures.style import render

type Placed = list[tuple[str, Bbox]]

SVG = "{http://www.w3.org/2000/svg}"
# Inches: the ink of two letters may share the edge of a pixel.
SLACK = 0.01


def words(figure: Figure) -> list[str]:
    root = ET.fromstring(render(figure, "svg"))
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def boxes(figure: Figure) -> Placed:
    """Return every text that is drawn (a tick beyond the limits is not) with its box in inches from the lower left."""
    drawn = set(words(figure))
    beyond = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _beyond(axis)}
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = [
        text for text in figure.findobj(Text) if text not in beyond and drawn.issuperset(text.get_text().split("\n"))
    ]
    return [(text.get_text(), Bbox(text.get_window_extent(renderer).get_points() / figure.dpi)) for text in texts]


def _beyond(axis: Axis) -> Iterator[Text]:
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        if not low <= tick.get_loc() <= high:
            yield from (tick.label1, tick.label2)


def flaws(figure: Figure) -> list[str]:
    """Return what an editor would circle: words on words, words off the page, tick labels that touch."""
    placed = boxes(figure)
    return [*_collisions(placed), *_strays(placed, *figure.get_size_inches()), *_cramped_ticks(figure)]


def _collisions(placed: Placed) -> Iterator[str]:
    for (name, a), (other, b) in combinations(placed, 2):
        across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > SLACK and up > SLACK:
            yield f"{name!r} is on {other!r}"


def _strays(placed: Placed, width: float, height: float) -> Iterator[str]:
    for name, box in placed:
        if min(box.x0, box.y0, width - box.x1, height - box.y1) < -SLACK:
            yield f"{name!r} leaves the page"


def _cramped_ticks(figure: Figure) -> Iterator[str]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axes in figure.axes:
        extents = [(label.get_text(), label.get_window_extent(renderer)) for label in axes.get_xticklabels()]
        for (name, first), (other, second) in pairwise(extents):
            if first.x1 + 3 > second.x0:
                yield f"{name!r} touches {other!r}"
