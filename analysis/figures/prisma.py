"""Flow of a systematic review, laid out as the PRISMA 2020 template: one row per step, one pair of columns per route.

Every box is as tall as what stands in it, and a row as tall as its tallest box, so that no words leave a box.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.frame import (
    EDGE,
    INNER,
    notes_room,
    place_axes,
    title_lines,
    title_room,
    write_notes,
    write_title,
)
from analysis.figures.lettering import wrap_text
from analysis.figures.prisma_boxes import Line, box_lines, inclusion_lines
from analysis.figures.records import Records

# Inches.
BAND: Final = 0.28
GAP: Final = 0.24
ROW_GAP: Final = 0.26
PAD: Final = 0.08
LINE: Final = 0.145
HEADER: Final = 0.28
WIDEST: Final = 3.6
# Half of the line around a box must stay on the page.
INK: Final = 0.02
# The columns of the grid, by route; the second of a pair holds what leaves.
ROWS: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "databases": (
        ("identified", "removed"),
        ("screened", "excluded"),
        ("sought", "not_retrieved"),
        ("assessed", "excluded_reports"),
    ),
    "other": (("identified",), (), ("sought", "not_retrieved"), ("assessed", "excluded_reports")),
}
ROUTES: Final = {
    "previous": "Previous studies",
    "databases": "Identification of studies via databases and registers",
    "other": "Identification of studies via other methods",
}
VIA: Final = "Identification of studies via "
NEW: Final = "Identification of new studies via "
PHASES: Final = ("Identification", "Screening", "Included")


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the grid in inches, `y` counted downwards to its top."""

    lines: tuple[Line, ...]
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Middle from left to right."""
        return self.x + self.width / 2

    @property
    def centre(self) -> float:
        """Middle from top to bottom."""
        return self.y + self.height / 2


type Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Column:
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class _Layout:
    boxes: dict[Place, Box]
    headers: list[tuple[Sequence[Line], float, float]]
    phases: list[tuple[str, float, float]]
    header: float
    height: float


@style.styled
def plot_prisma(flow: Records, *, title: str = "", notes: Sequence[str] = ()) -> Figure:
    """Draw the flow of a review.

    Parameters
    ----------
    flow : records
        Rows of `flow.csv`.
    title, notes : str, sequence of str

    Raises
    ------
    DataError
        No rows.
    """
    if not flow:
        raise DataError("flow.csv has no rows. Bring a flow in review.yaml.")
    layout = _lay_out(flow)
    heads, lines = title_lines(title), [line for note in notes for line in wrap_text(note, INNER, style.SMALL)]
    below, above = notes_room(lines) + 0.1 * bool(lines), title_room(heads)
    figure = Figure(figsize=(style.WIDTH, below + layout.height + above))
    axes = place_axes(figure, EDGE, below, INNER, layout.height)
    axes.set_xlim(0, INNER)
    axes.set_ylim(layout.height, 0)
    axes.axis("off")
    _draw_bands(axes, layout)
    for box in layout.boxes.values():
        _draw_box(axes, box)
    for start, end in _arrows(layout.boxes):
        axes.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle="-|>",
                mutation_scale=9,
                linewidth=0.9,
                color=style.INK,
                shrinkA=0,
                shrinkB=0,
            )
        )
    for start, end in _lines(layout.boxes):
        axes.plot(*zip(start, end, strict=True), color=style.INK, linewidth=0.9, solid_capstyle="butt")
    write_title(figure, heads)
    write_notes(figure, lines)
    return figure


def _lay_out(flow: Records) -> _Layout:
    routes = [route for route in ROUTES if any(row["route"] == route for row in flow)]
    grid = _columns(routes)
    headers = _headers(routes, grid)
    header = max(_height(lines) for lines, _, _ in headers)
    boxes: dict[Place, Box] = {}
    y = header + ROW_GAP
    edges = [header + ROW_GAP / 2]
    for row in range(len(ROWS["databases"])):
        texts = _texts_of_row(flow, routes, grid, row)
        tallest = max(_height(lines) for lines, _ in texts.values())
        for place, (lines, column) in texts.items():
            boxes[place] = _box(lines, column, y + (tallest - _height(lines)) / 2)
        y += tallest + ROW_GAP
        if row == 0:
            edges.append(y - ROW_GAP / 2)
    edges.append(y - ROW_GAP / 2)
    column = grid["databases"][0]
    for route in ("included", "total"):
        lines = inclusion_lines(flow, route, column.width - 2 * PAD)
        if lines:
            boxes[route, "included"] = _box(lines, column, y)
            y += _height(lines) + ROW_GAP
    edges.append(y - ROW_GAP / 2)
    phases = [(name, edges[i], edges[i + 1]) for i, name in enumerate(PHASES)]
    return _Layout(boxes, headers, phases, header, y - ROW_GAP / 2)


def _texts_of_row(
    flow: Records, routes: Sequence[str], grid: Mapping[str, Sequence[_Column]], row: int
) -> dict[Place, tuple[list[Line], _Column]]:
    texts = {}
    for route in (route for route in routes if route in ROWS):
        for step, column in zip(ROWS[route][row], grid[route], strict=False):
            texts[route, step] = box_lines(flow, route, step, column.width - 2 * PAD), column
    if row == 0 and "previous" in routes:
        (column,) = grid["previous"]
        texts["previous", "included"] = inclusion_lines(flow, "previous", column.width - 2 * PAD), column
    return texts


def _box(lines: Sequence[Line], column: _Column, y: float) -> Box:
    return Box(tuple(lines), column.left, y, column.width, _height(lines))


def _columns(routes: Sequence[str]) -> dict[str, list[_Column]]:
    """Return the columns of each route: two of databases, two of other methods, one of an earlier version."""
    counts = {route: 1 if route == "previous" else 2 for route in routes}
    total = sum(counts.values())
    width = min((INNER - BAND - INK - GAP * total) / total, WIDEST)
    lefts = [BAND + GAP + i * (width + GAP) for i in range(total)]
    return {route: [_Column(lefts.pop(0), width) for _ in range(count)] for route, count in counts.items()}


def _headers(routes: Sequence[str], grid: Mapping[str, Sequence[_Column]]) -> list[tuple[Sequence[Line], float, float]]:
    headers: list[tuple[Sequence[Line], float, float]] = []
    for route in routes:
        left, right = grid[route][0].left, grid[route][-1].left + grid[route][-1].width
        words = ROUTES[route].replace(VIA, NEW) if "previous" in routes else ROUTES[route]
        lines = wrap_text(words, right - left - 2 * PAD, style.SMALL, bold=True)
        headers.append(([Line(line) for line in lines], left, right))
    return headers


def _height(lines: Sequence[Line]) -> float:
    return LINE * len(lines) + 2 * PAD


def _draw_box(axes: Axes, box: Box) -> None:
    frame = Rectangle((box.x, box.y), box.width, box.height, facecolor="white", edgecolor=style.INK, linewidth=0.8)
    axes.add_patch(frame)
    top = box.centre - LINE * (len(box.lines) - 1) / 2
    for i, line in enumerate(box.lines):
        axes.text(box.x + PAD + line.indent, top + LINE * i, line.text, size=style.SMALL, va="center", zorder=3)


def _draw_bands(axes: Axes, layout: _Layout) -> None:
    for lines, left, right in layout.headers:
        axes.add_patch(_shaded(left, INK, right - left, layout.header - INK))
        top = layout.header / 2 - LINE * (len(lines) - 1) / 2
        for i, line in enumerate(lines):
            place = ((left + right) / 2, top + LINE * i)
            axes.text(*place, line.text, size=style.SMALL, weight="bold", ha="center", va="center")
    for name, top, bottom in layout.phases:
        gap = 0.04
        axes.add_patch(_shaded(INK, top + gap, BAND - INK, bottom - top - 2 * gap))
        where = (BAND / 2, (top + bottom) / 2)
        axes.text(*where, name, size=style.SMALL, weight="bold", ha="center", va="center", rotation=90)


def _shaded(left: float, top: float, width: float, height: float) -> Rectangle:
    return Rectangle((left, top), width, height, facecolor=style.BAND, edgecolor=style.RULE, linewidth=0.7)


type Point = tuple[float, float]


def _arrows(boxes: Mapping[Place, Box]) -> Iterator[tuple[Point, Point]]:
    """Yield where every arrow starts and ends: down the route, and out of it to the right."""
    down = [step[0] for step in ROWS["databases"]]
    for route, steps in (("databases", down), ("other", [step[0] for step in ROWS["other"] if step])):
        own = [boxes[route, step] for step in steps if (route, step) in boxes]
        yield from (((a.middle, a.y + a.height), (b.middle, b.y)) for a, b in pairwise(own))
    for route, rows in ROWS.items():
        for pair in rows:
            if len(pair) > 1 and (route, pair[1]) in boxes:
                a, b = boxes[route, pair[0]], boxes[route, pair[1]]
                yield (a.x + a.width, a.centre), (b.x, b.centre)
    last, included = boxes["databases", "assessed"], boxes["included", "included"]
    yield (last.middle, last.y + last.height), (included.middle, included.y)
    if ("other", "assessed") in boxes:
        yield (boxes["other", "assessed"].middle, included.centre), (included.x + included.width, included.centre)
    if ("total", "included") in boxes:
        total = boxes["total", "included"]
        yield (included.middle, included.y + included.height), (total.middle, total.y)
        if ("previous", "included") in boxes:
            yield (boxes["previous", "included"].middle, total.centre), (total.x, total.centre)


def _lines(boxes: Mapping[Place, Box]) -> Iterator[tuple[Point, Point]]:
    """Yield the upright part of the two arrows that go round a corner."""
    for place, end in ((("other", "assessed"), "included"), (("previous", "included"), "total")):
        if place in boxes and (end, "included") in boxes:
            box = boxes[place]
            yield (box.middle, box.y + box.height), (box.middle, boxes[end, "included"].centre)
