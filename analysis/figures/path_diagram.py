"""Path diagram: boxes for variables, arrows for paths with estimate and interval, causes on the left."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

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
from analysis.figures.records import Record, Records, number, word
from analysis.formatting import format_number
from analysis.results import Array

# Inches.
BOX_HEIGHT: Final = 0.42
BOX_PAD: Final = 0.18
BOX_WIDEST: Final = 1.7
ROW: Final = 1.35
LABEL_LINE: Final = 0.15
MARGIN: Final = 0.25
# An arrow past an inner column would run through its boxes: they are moved by this share of a row.
LIFT: Final = 0.75
GAP: Final = 0.05

type Point = tuple[float, float]


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
    places = _places(columns)
    heads, lines = title_lines(title), [line for note in notes for line in wrap_text(note, INNER, style.SMALL)]
    ys = [y for _, y in places.values()]
    room = max(ys) - min(ys) + BOX_HEIGHT + 2 * MARGIN + 2 * LABEL_LINE
    below, above = notes_room(lines) + 0.1, title_room(heads)
    figure = Figure(figsize=(style.WIDTH, below + room + above))
    axes = place_axes(figure, EDGE, below, INNER, room)
    axes.set_xlim(0, INNER)
    axes.set_ylim(min(ys) - BOX_HEIGHT / 2 - MARGIN - LABEL_LINE, max(ys) + BOX_HEIGHT / 2 + MARGIN + LABEL_LINE)
    axes.axis("off")
    for name, place in places.items():
        _draw_box(axes, name, place)
    taken: list[Array] = [_rectangle(place, _box_width(name), BOX_HEIGHT) for name, place in places.items()]
    for path in sorted(paths, key=lambda one: -_length(one, places)):
        _draw_path(axes, path, places, taken)
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


def _places(columns: Sequence[Sequence[str]]) -> dict[str, Point]:
    """Centres in inches; a lone variable of an inner column is lifted, so that arrows past it find a way."""
    left, right = (max(map(_box_width, column)) / 2 for column in (columns[0], columns[-1]))
    across = np.linspace(left + 0.05, INNER - right - 0.05, len(columns))
    places = {}
    for index, (x, column) in enumerate(zip(across, columns, strict=True)):
        inner = 0 < index < len(columns) - 1
        lift = LIFT * ROW * (1 if index % 2 else -1) if inner else 0.0
        for row, name in enumerate(column):
            places[name] = (float(x), lift + ROW * ((len(column) - 1) / 2 - row))
    return places


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


def _length(path: Record, places: Mapping[str, Point]) -> float:
    a, b = (np.array(places[word(path, key)]) for key in ("source", "outcome"))
    return float(np.hypot(*(a - b)))


def _draw_path(axes: Axes, path: Record, places: Mapping[str, Point], taken: list[Array]) -> None:
    """One arrow, and its label where it covers neither a box nor another label."""
    names = [word(path, key) for key in ("source", "outcome")]
    (xa, ya), (xb, yb) = (places[name] for name in names)
    crosses_zero = number(path, "ci_lb") <= 0 <= number(path, "ci_ub")
    look: dict[str, Any] = {
        "color": style.MUTED if crosses_zero else style.INK,
        "linestyle": "--" if crosses_zero else "-",
    }
    if _is_arrow(path):
        start = (xa + _box_width(names[0]) / 2, ya)
        end = (xb - _box_width(names[1]) / 2, yb)
        bend, heads = "arc3,rad=0", "-|>"
        along = [(start[0] + t * (end[0] - start[0]), ya + t * (yb - ya)) for t in _STEPS]
    else:
        side = min(_box_width(name) for name in names) / 4
        start, end = (
            (xa - side, ya - np.sign(ya - yb) * BOX_HEIGHT / 2),
            (xb - side, yb + np.sign(ya - yb) * BOX_HEIGHT / 2),
        )
        bend, heads = f"arc3,rad={0.35 * np.sign(ya - yb)}", "<|-|>"
        along = [(start[0] + 0.1, start[1] + t * (end[1] - start[1])) for t in _STEPS]
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle=heads,
        connectionstyle=bend,
        mutation_scale=11,
        linewidth=1.1,
        shrinkA=1,
        shrinkB=1,
        **look,
    )
    axes.add_patch(arrow)
    _write_label(axes, path, along, taken)


# Places of a label along its arrow, the middle first.
_STEPS: Final = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8)


def _write_label(axes: Axes, path: Record, along: Sequence[Point], taken: list[Array]) -> None:
    estimate = format_number(number(path, "estimate"))
    limits = f"[{format_number(number(path, 'ci_lb'))}, {format_number(number(path, 'ci_ub'))}]"
    width = max(text_width(estimate, style.BODY, bold=True), text_width(limits, style.SMALL)) + 2 * GAP
    free = [one for one in along if not any(_overlaps(_rectangle(one, width, 2 * LABEL_LINE), box) for box in taken)]
    x, y = (free or along)[0]
    taken.append(_rectangle((x, y), width, 2 * LABEL_LINE))
    behind = FancyBboxPatch(
        (x - width / 2, y - LABEL_LINE),
        width,
        2 * LABEL_LINE,
        boxstyle="square,pad=0",
        facecolor="white",
        edgecolor="none",
        zorder=2,
    )
    axes.add_patch(behind)
    axes.text(x, y + 0.01, estimate, ha="center", va="bottom", size=style.BODY, weight="bold", zorder=4)
    axes.text(x, y - 0.01, limits, ha="center", va="top", size=style.SMALL, color=style.MUTED, zorder=4)


def _rectangle(centre: Point, width: float, height: float) -> Array:
    """Left, right, bottom, top."""
    return np.array(
        [centre[0] - width / 2, centre[0] + width / 2, centre[1] - height / 2, centre[1] + height / 2], dtype=float
    )


def _overlaps(a: Array, b: Array) -> bool:
    return bool(a[0] < b[1] + GAP and b[0] < a[1] + GAP and a[2] < b[3] + GAP and b[2] < a[3] + GAP)
