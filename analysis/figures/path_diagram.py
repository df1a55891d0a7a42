"""Path diagram: boxes for variables, arrows for paths with estimate and interval, causes on the left."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

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
from analysis.figures.lettering import fit_text, safe_text, text_width, wrap_text
from analysis.figures.path_labels import GAP, place_labels, rectangle
from analysis.figures.records import Record, Records, number, word
from analysis.formatting import format_number
from analysis.results import Array

# Inches.
BOX_HEIGHT: Final = 0.42
BOX_PAD: Final = 0.18
BOX_WIDEST: Final = 1.7
ROW: Final = 1.35
LABEL_LINE: Final = 0.15
MARGIN: Final = 0.1
# Half of a line and a bit, so that no frame is cut.
INSET: Final = 0.02
# Between the ends of arrows at the same side of a box.
PORT: Final = 0.13
# An arrow past an inner column would run through its boxes: they are moved by this share of a row.
LIFT: Final = 0.75
# Bend of the line of a correlation, as a share of its length.
BEND: Final = 0.35
# Indirect effects are products of small numbers: two decimals would leave nothing of them.
DIGITS: Final = 3

type Point = tuple[float, float]

ENDS: Final = ("source", "outcome")


@style.styled
def draw_path_diagram(paths: Records, *, title: str, notes: Sequence[str] = ()) -> Figure:
    """Draw a recursive path model.

    Parameters
    ----------
    paths : records
        `source`, `outcome`, `estimate`, `ci_lb`, `ci_ub`; optionally `kind`, of which `correlation` is
        a curved line with two heads. A path whose interval holds zero is dashed.
    title, notes : str, sequence of str

    Raises
    ------
    DataError
        No paths, or paths in a circle.
    """
    columns = _columns(paths)
    places = _places(columns, paths)
    heads, lines = title_lines(title), [line for note in notes for line in wrap_text(note, INNER, style.SMALL)]
    ys = [y for _, y in places.values()]
    room = max(ys) - min(ys) + BOX_HEIGHT + 2 * MARGIN
    below, above = notes_room(lines) + 0.1, title_room(heads)
    figure = Figure(figsize=(style.WIDTH, below + room + above))
    axes = place_axes(figure, EDGE, below, INNER, room)
    axes.set_xlim(0, INNER)
    axes.set_ylim(min(ys) - BOX_HEIGHT / 2 - MARGIN, max(ys) + BOX_HEIGHT / 2 + MARGIN)
    axes.axis("off")
    for name, place in places.items():
        _draw_box(axes, name, place)
    routes = _routes(paths, places)
    boxes = [rectangle(place, _box_width(name), BOX_HEIGHT) for name, place in places.items()]
    centres = place_labels([_points(*route) for route in routes], [_label_size(path) for path in paths], boxes)
    for path, route, centre in zip(paths, routes, centres, strict=True):
        _draw_line(axes, path, route)
        _write_label(axes, path, centre)
    write_title(figure, heads)
    write_notes(figure, lines)
    return figure


def _columns(paths: Records) -> list[list[str]]:
    """Variables by the length of the longest way that leads to them."""
    arrows = [(word(path, "source"), word(path, "outcome")) for path in paths if _is_arrow(path)]
    if not arrows:
        raise DataError("path diagram: there is no path to draw. Give at least one.")
    names = list(dict.fromkeys(name for path in paths for name in (word(path, "source"), word(path, "outcome"))))
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for source, outcome in arrows:
            depth[outcome] = max(depth[outcome], depth[source] + 1)
    if any(depth[outcome] <= depth[source] for source, outcome in arrows):
        raise DataError("path diagram: the paths run in a circle. Only recursive models can be drawn.")
    return [[name for name in names if depth[name] == column] for column in range(max(depth.values()) + 1)]


def _places(columns: Sequence[Sequence[str]], paths: Records) -> dict[str, Point]:
    """Centres in inches; a lone variable of an inner column is lifted, so that arrows past it find a way."""
    widths = [max(map(_box_width, column)) for column in columns]
    left = _left_room(columns[0], paths)
    gap = (INNER - left - sum(widths) - INSET) / (len(columns) - 1)
    places = {}
    for index, column in enumerate(columns):
        x = left + sum(widths[:index]) + gap * index + widths[index] / 2
        inner = 0 < index < len(columns) - 1
        lift = LIFT * ROW * (1 if index % 2 else -1) if inner else 0.0
        for row, name in enumerate(column):
            places[name] = (float(x), lift + ROW * ((len(column) - 1) / 2 - row))
    return places


def _left_room(column: Sequence[str], paths: Records) -> float:
    """Room that labels of correlations need at the left of the first column's boxes."""
    sizes = [
        _label_size(path)[0] / 2 + BEND * (ROW - BOX_HEIGHT) / 2 - min(_box_width(word(path, key)) for key in ENDS) / 4
        for path in paths
        if not _is_arrow(path) and word(path, "source") in column
    ]
    return max([INSET, *sizes])


def _box_width(name: str) -> float:
    return min(text_width(safe_text(name), style.BODY, bold=True) + 2 * BOX_PAD, BOX_WIDEST)


def _draw_box(axes: Axes, name: str, place: Point) -> None:
    width = _box_width(name)
    box = FancyBboxPatch(
        (place[0] - width / 2, place[1] - BOX_HEIGHT / 2),
        width,
        BOX_HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.06",
        facecolor=style.BAND,
        edgecolor=style.INK,
        linewidth=0.9,
        zorder=3,
    )
    axes.add_patch(box)
    label = fit_text(name, width - 0.1, style.BODY, bold=True)
    axes.text(*place, label, ha="center", va="center", size=style.BODY, weight="bold", zorder=4)


def _is_arrow(path: Record) -> bool:
    return path.get("kind", "path") != "correlation"


def _routes(paths: Records, places: Mapping[str, Point]) -> list[tuple[Point, Point, float]]:
    """Return where every line starts and ends, and how far it bends."""
    arrows = [path for path in paths if _is_arrow(path)]
    return [
        (_port(path, 0, arrows, places), _port(path, 1, arrows, places), 0.0)
        if _is_arrow(path)
        else _curve(path, places)
        for path in paths
    ]


def _port(path: Record, end: int, arrows: Records, places: Mapping[str, Point]) -> Point:
    """Return where an arrow leaves (0) or meets (1) its box; several are in the order of their other ends."""
    here, there = word(path, ENDS[end]), ENDS[1 - end]
    beside = [arrow for arrow in arrows if word(arrow, ENDS[end]) == here]
    beside.sort(key=lambda arrow: -places[word(arrow, there)][1])
    x, y = places[here]
    rank = [word(arrow, there) for arrow in beside].index(word(path, there))
    return x + (1 - 2 * end) * _box_width(here) / 2, y + PORT * ((len(beside) - 1) / 2 - rank)


def _curve(path: Record, places: Mapping[str, Point]) -> tuple[Point, Point, float]:
    """Return the line of a correlation, which leaves its boxes below and above and bends to the left."""
    names = [word(path, key) for key in ENDS]
    (xa, ya), (xb, yb) = (places[name] for name in names)
    side, down = min(_box_width(name) for name in names) / 4, float(np.sign(ya - yb))
    return (xa - side, ya - down * BOX_HEIGHT / 2), (xb - side, yb + down * BOX_HEIGHT / 2), BEND * down


def _points(start: Point, end: Point, bend: float) -> Array:
    """Points along the curve that matplotlib calls arc3: quadratic, its control point beside the middle."""
    a, b = np.array(start), np.array(end)
    control = (a + b) / 2 + bend * np.array([b[1] - a[1], a[0] - b[0]])
    t = np.linspace(0.0, 1.0, 51)[:, None]
    value: Array = (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * b
    return value


def _draw_line(axes: Axes, path: Record, route: tuple[Point, Point, float]) -> None:
    start, end, bend = route
    crosses_zero = number(path, "ci_lb") <= 0 <= number(path, "ci_ub")
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>" if _is_arrow(path) else "<|-|>",
        connectionstyle=f"arc3,rad={bend}",
        mutation_scale=11,
        linewidth=1.1,
        shrinkA=1,
        shrinkB=1,
        color=style.MUTED if crosses_zero else style.INK,
        linestyle="--" if crosses_zero else "-",
    )
    axes.add_patch(arrow)


def _texts(path: Record) -> tuple[str, str]:
    limits = (format_number(number(path, key), DIGITS) for key in ("ci_lb", "ci_ub"))
    return format_number(number(path, "estimate"), DIGITS), f"[{', '.join(limits)}]"


def _label_size(path: Record) -> tuple[float, float]:
    estimate, limits = _texts(path)
    width = max(text_width(estimate, style.BODY, bold=True), text_width(limits, style.SMALL))
    return width + 2 * GAP, 2 * LABEL_LINE


def _write_label(axes: Axes, path: Record, centre: Point) -> None:
    (x, y), (width, height), (estimate, limits) = centre, _label_size(path), _texts(path)
    behind = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle="square,pad=0",
        facecolor="white",
        edgecolor="none",
        zorder=2,
    )
    axes.add_patch(behind)
    axes.text(x, y + 0.01, estimate, ha="center", va="bottom", size=style.BODY, weight="bold", zorder=4)
    axes.text(x, y - 0.01, limits, ha="center", va="top", size=style.SMALL, color=style.MUTED, zorder=4)
