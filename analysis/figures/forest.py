"""Forest plot: every effect with its interval and weight, the pooled mean, and where the next study is expected."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE, MarkerStyle
from matplotlib.patches import Polygon, Rectangle

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.axis import axis_name, forest_limits, heading, null_value, set_effect_axis
from analysis.figures.forest_rows import ROW, Row, build_rows, centres
from analysis.figures.forest_table import Columns, fit_columns, write_table
from analysis.figures.frame import notes_room, title_lines, title_room, write_notes, write_title
from analysis.figures.records import Record, Records, number, pick_interval
from analysis.figures.wording import has_prediction, heterogeneity_text, level_text, model_name, prediction_text
from analysis.formatting import format_count
from analysis.results import Array

# Inches.
AXIS_ROOM: Final = 0.5
TICK_ROOM: Final = 0.47
# Share of a row's height.
LARGEST_SQUARE: Final = 0.66
SMALLEST_SQUARE: Final = 0.16
SUBTOTAL_INK: Final = "#7fb8d8"


@style.styled
def plot_forest(
    studies: Records,
    *,
    mean: Records,
    measure: str,
    level: float = 95.0,
    subgroups: Records = (),
    groups: Mapping[str, str | None] | None = None,
    heterogeneity: Records = (),
    prediction: str = "higgins",
    method: str | None = None,
    title: str = "",
) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    studies : records of studies.csv
        One row each, in their order; squares have areas proportional to `weight`.
    mean : records of predictions.csv with kind `mean`
        The pooled mean under each kind of prediction interval.
    measure : str
        Code of the effect-size measure; ticks and numbers are back-transformed.
    level : float
        Level of the studies' intervals, in per cent.
    subgroups : records of subgroups.csv
        Of one factor; each becomes a subtotal.
    groups : mapping from effect_id to the label of its subgroup, optional
        None is shown as not reported.
    heterogeneity : records of heterogeneity.csv
    prediction : {"normal", "higgins", "knapp_hartung"}
        Which prediction interval is drawn.
    method : str, optional
        Estimator, for the label of the pooled mean.
    title : str

    Raises
    ------
    DataError
        When there is no study or no pooled mean to draw.
    """
    if not studies or not mean:
        raise DataError("forest plot: there is no effect or no pooled mean to draw. Fit the model first.")
    pooled = pick_interval(mean, prediction)
    label = f"{model_name(method)}, k = {format_count(len(studies))}"
    rows = build_rows(studies, mean=pooled, subgroups=subgroups, groups=groups, measure=measure, pooled_label=label)
    limits = _limits(rows, pooled, measure)
    titles = title_lines(title)
    notes = _notes(rows, limits, pooled, heterogeneity)
    headings = ("Study", "n", heading(measure), f"{level_text(level)} CI", "Weight")
    columns = fit_columns(rows, headings)
    figure, axes = _canvas(rows, columns, limits, titles, notes)
    write_table(figure, axes, rows, columns, headings)
    _draw_lines(axes, rows, pooled, measure)
    _draw_studies(axes, rows, limits)
    _draw_summaries(axes, rows, limits)
    set_effect_axis(axes.xaxis, *limits, measure, int((columns.plot_end - columns.plot) / TICK_ROOM))
    axes.set_xlabel(axis_name(measure), labelpad=5)
    return figure


def _limits(rows: Sequence[Row], pooled: Record, measure: str) -> tuple[float, float]:
    near = [number(pooled, column) for column in ("pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")]
    studies = [(row.lb, row.estimate, row.ub) for row in rows if row.kind == "study"]
    subtotals = [value for row in rows if row.kind == "subtotal" for value in (row.estimate, row.lb, row.ub)]
    return forest_limits(studies, measure=measure, near=near, subtotals=subtotals)


def _notes(rows: Sequence[Row], limits: tuple[float, float], pooled: Record, heterogeneity: Records) -> list[str]:
    notes = [f"Heterogeneity: {heterogeneity_text(heterogeneity)}."] if heterogeneity else []
    if has_prediction(pooled):
        notes.append(f"{prediction_text(pooled)}.")
    if any(row.lb < limits[0] or row.ub > limits[1] for row in rows):
        notes.append("Arrowhead: the interval goes on beyond the axis.")
    return notes


def _canvas(
    rows: Sequence[Row], columns: Columns, limits: tuple[float, float], titles: Sequence[str], notes: Sequence[str]
) -> tuple[Figure, Axes]:
    _, height = centres(rows)
    top = title_room(titles) + 1.4 * ROW
    bottom = AXIS_ROOM + notes_room(notes)
    total = top + height * ROW + bottom
    figure = Figure(figsize=(style.WIDTH, total))
    width = columns.plot_end - columns.plot
    box = (columns.plot / style.WIDTH, bottom / total, width / style.WIDTH, height * ROW / total)
    axes = figure.add_axes(box, facecolor="none", xlim=limits, ylim=(height, 0))
    # The rule under the table is the axis.
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    write_title(figure, titles)
    write_notes(figure, notes)
    return figure, axes


def _draw_lines(axes: Axes, rows: Sequence[Row], pooled: Record, measure: str) -> None:
    middles, height = centres(rows)
    null = null_value(measure)
    if null is not None:
        axes.plot([null, null], [0, height], color=style.INK, linewidth=0.8, zorder=1)
    foot = next(y for row, y in zip(rows, middles, strict=True) if row.kind == "pooled")
    axes.plot([number(pooled, "pred")] * 2, [0, foot], color=style.BLUE, linewidth=0.9, dashes=(3, 2.5), zorder=1)


def _draw_studies(axes: Axes, rows: Sequence[Row], limits: tuple[float, float]) -> None:
    middles, _ = centres(rows)
    drawn = [(row, y) for row, y in zip(rows, middles, strict=True) if row.kind == "study"]
    y = np.array([y for _, y in drawn])
    lb, ub, x = (np.array([getattr(row, name) for row, _ in drawn]) for name in ("lb", "ub", "estimate"))
    low, high = limits
    axes.hlines(y, np.clip(lb, low, high), np.clip(ub, low, high), color=style.INK, linewidth=1.0, zorder=2)
    _draw_arrowheads(axes, lb, ub, y, limits, style.INK)
    weights = np.array([row.weight for row, _ in drawn])
    side = np.sqrt(weights / (weights.max() or 1.0)) * LARGEST_SQUARE
    side = np.maximum(side, SMALLEST_SQUARE) * ROW * 72
    inside = (x >= low) & (x <= high)
    axes.scatter(x[inside], y[inside], s=side[inside] ** 2, marker="s", color=style.INK, linewidths=0, zorder=3)


def _draw_arrowheads(axes: Axes, lb: Array, ub: Array, y: Array, limits: tuple[float, float], colour: str) -> None:
    for beyond, edge, marker in (
        (lb < limits[0], limits[0], CARETLEFTBASE),
        (ub > limits[1], limits[1], CARETRIGHTBASE),
    ):
        if beyond.any():
            x = np.full(int(beyond.sum()), edge)
            axes.scatter(
                x, y[beyond], s=26, marker=MarkerStyle(marker), color=colour, linewidths=0, zorder=3, clip_on=False
            )


def _draw_summaries(axes: Axes, rows: Sequence[Row], limits: tuple[float, float]) -> None:
    middles, _ = centres(rows)
    for row, y in zip(rows, middles, strict=True):
        if row.kind in ("pooled", "subtotal") and math.isfinite(row.lb):
            half = 0.34 if row.kind == "pooled" else 0.26
            corners = [(row.lb, y), (row.estimate, y - half), (row.ub, y), (row.estimate, y + half)]
            face = style.BLUE if row.kind == "pooled" else SUBTOTAL_INK
            axes.add_patch(Polygon(corners, facecolor=face, edgecolor=style.BLUE, linewidth=0.8, zorder=4))
            _draw_arrowheads(axes, np.array([row.lb]), np.array([row.ub]), np.array([y]), limits, style.BLUE)
        elif row.kind == "prediction":
            low, high = max(row.lb, limits[0]), min(row.ub, limits[1])
            bar = Rectangle((low, y - 0.13), high - low, 0.26, facecolor=style.VERMILLION, linewidth=0, zorder=4)
            axes.add_patch(bar)
            _draw_arrowheads(axes, np.array([row.lb]), np.array([row.ub]), np.array([y]), limits, style.VERMILLION)
