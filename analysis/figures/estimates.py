"""Estimates of one quantity under each other, with their intervals: leave-one-out, adjusted estimates."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.axis import axis_name, effect_limits, heading, null_value, set_effect_axis
from analysis.figures.frame import (
    EDGE,
    legend_room,
    notes_room,
    place_axes,
    title_lines,
    title_room,
    write_legend,
    write_notes,
    write_title,
)
from analysis.figures.lettering import fit_text, text_width
from analysis.figures.whiskers import CUT, draw_whiskers
from analysis.figures.wording import level_text
from analysis.formatting import format_effect, format_interval

ROW: Final = 0.21
AXIS_ROOM: Final = 0.52
HEAD_ROOM: Final = 0.3
LABELS_AT_MOST: Final = 4.0
# Rows of a group are set apart by this much of a row.
GAP: Final = 0.6


class EstimateRow(NamedTuple):
    """One line: words, numbers in units of the measure (nan where there are none), whether it is set off, its group."""

    label: str
    estimate: float
    ci_lb: float
    ci_ub: float
    flagged: bool
    group: str


class Legend(NamedTuple):
    """What plain and flagged marks, and the dashed line, stand for."""

    plain: str
    flagged: str
    line: str


@style.styled
def plot_estimates(
    rows: Sequence[EstimateRow],
    *,
    reference: float,
    legend: Legend,
    measure: str,
    level: float,
    title: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw one line per estimate, in groups, with a dashed line at the reference.

    Raises
    ------
    DataError
        When there is no estimate to draw.
    """
    shown = [row for row in rows if np.isfinite(row.estimate)]
    if not shown:
        raise DataError("there is no estimate to draw. Fit the model again.")
    labels = [fit_text(row.label, LABELS_AT_MOST) for row in rows]
    texts = [_text(row, measure) for row in rows]
    left = EDGE + max(map(text_width, labels)) + 0.2
    right = style.WIDTH - EDGE - max(map(text_width, texts)) - 0.2
    limits = _limits(shown, reference, measure)
    cut = any(row.ci_lb < limits[0] or row.ci_ub > limits[1] for row in shown)
    said = [*notes, *([CUT] if cut else [])]
    handles = _handles(legend, flagged=any(row.flagged for row in rows))
    foot = notes_room(said) + legend_room([str(handle.get_label()) for handle in handles]) + AXIS_ROOM
    y, lowest = _heights(rows)
    titles = title_lines(title)
    height = ROW * (lowest + 0.5)
    figure = Figure(figsize=(style.WIDTH, title_room(titles) + HEAD_ROOM + height + foot))
    write_title(figure, titles)
    write_notes(figure, said)
    axes = place_axes(figure, left, foot, right - left, height)
    _draw(axes, rows, y, limits, reference)
    _set_axes(axes, y, labels, limits, measure, lowest)
    _write_texts(axes, y, texts, f"{heading(measure)} [{level_text(level)} CI]", right - left)
    write_legend(figure, handles, notes_room(said) + 0.06)
    return figure


def _text(row: EstimateRow, measure: str) -> str:
    if not np.isfinite(row.estimate):
        return "no estimate"
    return f"{format_effect(row.estimate, measure)} {format_interval(row.ci_lb, row.ci_ub, measure)}"


def _limits(shown: Sequence[EstimateRow], reference: float, measure: str) -> tuple[float, float]:
    estimates = [row.estimate for row in shown]
    near = [value for row in shown for value in (row.ci_lb, row.ci_ub) if np.isfinite(value)]
    lb = [row.ci_lb if np.isfinite(row.ci_lb) else row.estimate for row in shown]
    ub = [row.ci_ub if np.isfinite(row.ci_ub) else row.estimate for row in shown]
    return effect_limits(lb, estimates, ub, measure=measure, near=near, keep=[*estimates, reference])


def _heights(rows: Sequence[EstimateRow]) -> tuple[list[float], float]:
    """Place of every row from the top, in rows, and of the lower edge."""
    y, at, group = [], 0.0, rows[0].group
    for row in rows:
        if row.group != group:
            at, group = at + GAP, row.group
        y.append(at)
        at += 1.0
    return y, at


def _draw(
    axes: Axes, rows: Sequence[EstimateRow], y: Sequence[float], limits: tuple[float, float], reference: float
) -> None:
    axes.axvline(reference, color=style.BLUE, linewidth=1.0, linestyle="--", zorder=1)
    for flagged in (False, True):
        here = [i for i, row in enumerate(rows) if row.flagged == flagged and np.isfinite(row.estimate)]
        if not here:
            continue
        colour = style.VERMILLION if flagged else style.INK
        at = np.array([y[i] for i in here])
        lb, ub = (np.array([getattr(rows[i], name) for i in here]) for name in ("ci_lb", "ci_ub"))
        draw_whiskers(axes, at, lb, ub, limits, colour=colour, width=1.3)
        x = [rows[i].estimate for i in here]
        axes.scatter(
            x, at, s=26, marker="D" if flagged else "o", facecolor="white" if flagged else colour, edgecolor=colour,
            linewidth=1.2, zorder=4,
        )  # fmt: skip


def _set_axes(
    axes: Axes, y: Sequence[float], labels: Sequence[str], limits: tuple[float, float], measure: str, lowest: float
) -> None:
    null = null_value(measure)
    if null is not None:
        axes.axvline(null, color=style.INK, linewidth=0.8, zorder=1)
    axes.set_xlim(*limits)
    axes.set_ylim(lowest - 0.5, -0.7)
    axes.set_yticks(list(y), list(labels))
    axes.tick_params(axis="y", length=0, pad=6)
    axes.spines["left"].set_visible(False)
    set_effect_axis(axes.xaxis, *limits, measure, 8)
    axes.set_xlabel(axis_name(measure), labelpad=5)


def _write_texts(axes: Axes, y: Sequence[float], texts: Sequence[str], head: str, width: float) -> None:
    edge = 1 + (style.WIDTH - EDGE - axes.get_position().x1 * style.WIDTH) / width
    place = axes.get_yaxis_transform()
    for at, text in zip(y, texts, strict=True):
        axes.text(edge, at, text, transform=place, ha="right", va="center_baseline")
    axes.text(edge, -1.25, head, transform=place, ha="right", va="center_baseline", weight="bold")


def _handles(legend: Legend, *, flagged: bool) -> list[Artist]:
    plain = Line2D([], [], color=style.INK, marker="o", markersize=5, linewidth=1.3, label=legend.plain)
    line = Line2D([], [], color=style.BLUE, linewidth=1.0, linestyle="--", label=legend.line)
    if not flagged:
        return [plain, line]
    off = Line2D([], [], color=style.VERMILLION, marker="D", markersize=5, markerfacecolor="white", linewidth=1.3)
    off.set_label(legend.flagged)
    return [plain, off, line]
