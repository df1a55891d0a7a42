"""What was found: the mean of every analysis with its intervals, one panel per scale, simulated data apart."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.axis import FORWARD, axis_name, effect_limits, effect_ticks, null_value, set_effect_axis
from analysis.figures.found_words import common_level, estimate_text
from analysis.figures.frame import EDGE, legend_room, place_axes, write_legend
from analysis.figures.lettering import text_width, wrap_text
from analysis.figures.records import Record, Records, number, word
from analysis.formatting import format_count
from analysis.vocabulary import BACK_TRANSFORMS

# Inches.
SLOT: Final = 0.36
HEADING_ROOM: Final = 0.34
AXIS_ROOM: Final = 0.62
LABELS_AT_MOST: Final = 2.75
LABEL_LINES: Final = 2
GUTTER: Final = 0.16
TOP: Final = 0.1
LIMITS: Final = ("estimate", "ci_lb", "ci_ub", "pi_lb", "pi_ub")
TICKS: Final = 7
PUBLISHED: Final = "Published studies"
FURTHER: Final = "Prediction interval of a further study"
MODERATED: Final = "The question is what it depends on"
SIMULATED: Final = "Simulated studies: they describe no patients"


@style.styled
def plot_found(rows: Records) -> Figure:
    """Draw the mean of every analysis, its confidence and its prediction interval.

    Parameters
    ----------
    rows : records of schema `results/found`
        Analyses of one scale stand in one panel, in the order given; those of simulated data stand below all others.

    Raises
    ------
    DataError
        When there is no row.
    """
    if not rows:
        raise DataError("what was found: there is no analysis to draw. List one in config/config.yaml.")
    panels = _panels(rows)
    texts = {word(row, "analysis"): estimate_text(row) for row in rows}
    labels = {word(row, "analysis"): _label(row) for row in rows}
    handles = _handles(rows)
    foot = EDGE + legend_room([str(handle.get_label()) for handle in handles])
    left = EDGE + max(text_width(line) for label in labels.values() for line in label) + GUTTER
    right = style.WIDTH - EDGE - max(map(text_width, texts.values())) - GUTTER
    names = _headings(panels)
    above = [HEADING_ROOM if name else 0.0 for name in names]
    heights = [room + SLOT * len(panel) + AXIS_ROOM for panel, room in zip(panels, above, strict=True)]
    figure = Figure(figsize=(style.WIDTH, TOP + sum(heights) + foot))
    top = figure.get_figheight() - TOP
    for panel, height, name in zip(panels, heights, names, strict=True):
        axes = place_axes(figure, left, top - height + AXIS_ROOM, right - left, SLOT * len(panel))
        _draw_panel(axes, panel, _limits(panel, rows))
        _write_labels(axes, panel, labels, texts)
        _write(figure, EDGE, top - 0.06, name, size=style.HEADING, weight="bold", va="top")
        top -= height
    write_legend(figure, handles, EDGE)
    return figure


def _panels(rows: Records) -> list[list[Record]]:
    grouped: dict[tuple[bool, str], list[Record]] = {}
    for row in rows:
        grouped.setdefault((bool(row["synthetic"]), axis_name(word(row, "measure"))), []).append(row)
    return [*(grouped[key] for key in grouped if not key[0]), *(grouped[key] for key in grouped if key[0])]


def _headings(panels: Sequence[Records]) -> list[str]:
    """Return what stands above each panel: nothing where the one before it is of the same kind."""
    names = [SIMULATED if panel[0]["synthetic"] else PUBLISHED for panel in panels]
    return [name if i == 0 or name != names[i - 1] else "" for i, name in enumerate(names)]


def _label(row: Record) -> list[str]:
    count = int(number(row, "n_studies"))
    studies = f"{format_count(count)} {'study' if count == 1 else 'studies'}"
    return wrap_text(f"{word(row, 'title')}, {studies}", LABELS_AT_MOST, lines=LABEL_LINES)


def _placed(row: Record, column: str) -> float:
    """Return a shown value where it stands on the axis."""
    forward = FORWARD.get(BACK_TRANSFORMS.get(word(row, "measure")) or "")
    value = number(row, column)
    return value if forward is None else float(forward(np.array(value)))


def _limits(panel: Records, rows: Records) -> tuple[float, float]:
    """Return limits that all panels of one scale share, so that their means can be compared."""
    measure = word(panel[0], "measure")
    values = [
        [_placed(row, column) for column in LIMITS]
        for row in rows
        if axis_name(word(row, "measure")) == axis_name(measure)
    ]
    finite = [value for row in values for value in row if np.isfinite(value)]
    means, lbs, ubs = ([row[place] for row in values] for place in range(3))
    return effect_limits(lbs, means, ubs, measure=measure, keep=finite)


def _draw_panel(axes: Axes, panel: Records, limits: tuple[float, float]) -> None:
    measure = word(panel[0], "measure")
    axes.set_xlim(*limits)
    axes.set_ylim(len(panel) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    null = null_value(measure)
    if null is not None:
        axes.axvline(null, color=style.INK, linewidth=0.8, zorder=1)
    set_effect_axis(axes.xaxis, *limits, measure, TICKS)
    for position in effect_ticks(*limits, measure, TICKS)[0]:
        axes.axvline(position, color=style.BAND, linewidth=0.8, zorder=0)
    axes.set_xlabel(axis_name(measure), labelpad=4)
    for place, row in enumerate(panel):
        _draw_row(axes, row, place)


def _colour(row: Record) -> str:
    return style.VERMILLION if row["synthetic"] else style.BLUE


def _draw_row(axes: Axes, row: Record, place: int) -> None:
    colour = _colour(row)
    mean, ci_lb, ci_ub, pi_lb, pi_ub = (_placed(row, column) for column in LIMITS)
    if np.isfinite(pi_lb):
        axes.hlines(place, pi_lb, pi_ub, colors=colour, linewidth=1.0, zorder=2)
        axes.vlines([pi_lb, pi_ub], place - 0.1, place + 0.1, colors=colour, linewidth=1.0, zorder=2)
    axes.hlines(place, ci_lb, ci_ub, colors=colour, linewidth=3.4, zorder=3)
    face = "white" if row["moderated"] else colour
    axes.plot([mean], [place], marker="o", markersize=7, color=colour, markerfacecolor=face, zorder=4)


def _write_labels(axes: Axes, panel: Records, labels: dict[str, list[str]], texts: dict[str, str]) -> None:
    figure = axes.figure
    box = axes.get_position()
    assert isinstance(figure, Figure)
    height = figure.get_figheight()
    for place, row in enumerate(panel):
        name, middle = word(row, "analysis"), height * box.y1 - SLOT * (place + 0.5)
        _write(figure, style.WIDTH * box.x0 - GUTTER, middle, "\n".join(labels[name]), ha="right", va="center")
        _write(figure, style.WIDTH - EDGE, middle, texts[name], ha="right", va="center")


def _write(figure: Figure, x: float, y: float, text: str, **words: Any) -> None:
    figure.text(x, y, text, transform=figure.dpi_scale_trans, **({"size": style.BODY} | words))


def _handles(rows: Records) -> Sequence[Artist]:
    mean = f"Mean and {common_level(rows)} confidence interval"
    handles: list[Artist] = [
        Line2D([], [], color=style.BLUE, linewidth=3.4, marker="o", markersize=7, label=mean),
        Line2D([], [], color=style.BLUE, linewidth=1.0, marker="|", markersize=6, label=FURTHER),
    ]
    if any(row["moderated"] for row in rows):
        hollow = Line2D([], [], color=style.INK, linestyle="", marker="o", markerfacecolor="white", markersize=7)
        hollow.set_label(MODERATED)
        handles.append(hollow)
    return handles
