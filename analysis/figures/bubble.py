"""Bubble plot: effects against a numeric moderator, with the predicted mean and its bands; strips for a factor."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.axis import axis_name, effect_limits, null_value, set_effect_axis
from analysis.figures.frame import (
    EDGE,
    INNER,
    legend_room,
    notes_room,
    place_axes,
    title_lines,
    title_room,
    write_legend,
    write_notes,
    write_title,
)
from analysis.figures.lettering import fit_text, wrap_text
from analysis.figures.records import Record, Records, number, numbers, word
from analysis.figures.strip import bubble_handle, plot_strip
from analysis.figures.wording import has_prediction, level_text, prediction_text
from analysis.results import Array

HEIGHT: Final = 3.9
PANEL_HEIGHT: Final = 2.7
PANELS_ACROSS: Final = 3
LEFT: Final = 0.75
BETWEEN: Final = 0.22
AXIS_ROOM: Final = 0.52
PANEL_TITLE: Final = 0.26
# Square points.
SMALLEST: Final = 8.0
LARGEST: Final = 190.0


@style.styled
def plot_bubble(
    studies: Records,
    curve: Records,
    *,
    moderator: str,
    values: Mapping[str, float | str | None],
    measure: str,
    groups: Mapping[str, str | None] | None = None,
    prediction: str = "higgins",
    title: str = "",
) -> Figure:
    """Draw effects against a moderator.

    Parameters
    ----------
    studies : records of studies.csv
        Bubbles have areas proportional to `weight`.
    curve : records of predictions.csv of one moderator
        Of kind `curve` for a numeric one, with one line per `by_label`; of kind `level` for a factor.
    moderator : str
        Its name, for the axis.
    values : mapping from effect_id to the value of the moderator
    measure : str
        Code of the effect-size measure; ticks are back-transformed.
    groups : mapping from effect_id to the level of the second moderator, optional
        With it, each line has a panel of its own that shows the effects of that level.
    prediction : {"normal", "higgins", "knapp_hartung"}
        Which prediction band is drawn where there are several.
    title : str

    Raises
    ------
    DataError
        When there is no prediction to draw.
    """
    if not curve:
        raise DataError(
            f"bubble plot of {moderator}: there is no prediction to draw. Fit a model with this moderator first."
        )
    kinds = {word(row, "interval") for row in curve}
    kind = prediction if prediction in kinds else word(curve[0], "interval")
    rows = [row for row in curve if row["interval"] == kind]
    if rows[0]["kind"] == "level":
        return plot_strip(studies, rows, values=values, groups=groups, measure=measure, title=title)
    lines = _split(rows)
    points = _points(studies, values)
    limits = _limits(rows, points, measure)
    panelled = groups is not None and len(lines) > 1
    notes = [f"{prediction_text(rows[0])}."] if has_prediction(rows[0]) else []
    titles = title_lines(title)
    handles = _handles(lines, rows[0], panelled=panelled)
    foot = notes_room(notes) + legend_room([str(handle.get_label()) for handle in handles]) + AXIS_ROOM
    figure, panels = _canvas(len(lines) if panelled else 1, titles, foot)
    write_notes(figure, notes)
    for i, axes in enumerate(panels):
        shown = {label: lines[label] for label in ([list(lines)[i]] if panelled else lines)}
        members = [p for p in points if not panelled or (groups or {}).get(p[0]) == next(iter(shown))]
        _draw_bubbles(axes, members, max(p[3] for p in points) if points else 1.0)
        _draw_lines(
            axes, shown, [style.SERIES[i % len(style.SERIES)]] if panelled else style.SERIES, with_bands=panelled
        )
        _set_axes(axes, limits, measure, moderator, panels, i)
        if panelled:
            axes.set_title(
                fit_text(next(iter(shown)), 2.4, style.BODY, bold=True), size=style.BODY, weight="bold", loc="left"
            )
    write_legend(figure, handles, notes_room(notes) + 0.06)
    return figure


def _split(rows: Records) -> dict[str, list[Record]]:
    lines: dict[str, list[Record]] = {}
    for row in rows:
        lines.setdefault(word(row, "by_label"), []).append(row)
    return {label: sorted(line, key=lambda row: number(row, "value")) for label, line in lines.items()}


def _points(studies: Records, values: Mapping[str, float | str | None]) -> list[tuple[str, float, float, float]]:
    """Return effect_id, moderator, effect and weight of each effect whose moderator is known, the heaviest first."""
    known = [(study, values.get(word(study, "effect_id"))) for study in studies]
    points = [
        (word(study, "effect_id"), float(value), number(study, "yi"), number(study, "weight"))
        for study, value in known
        if value is not None
    ]
    return sorted(points, key=lambda point: -point[3])


def _limits(
    rows: Records, points: Sequence[tuple[str, float, float, float]], measure: str
) -> tuple[tuple[float, float], tuple[float, float]]:
    x = [*numbers(rows, "value"), *(point[1] for point in points)]
    yi = [point[2] for point in points] or numbers(rows, "pred")
    null = null_value(measure)
    keep = [value for column in ("ci_lb", "ci_ub", "pi_lb", "pi_ub") for value in numbers(rows, column)]
    pad = 0.04 * (max(x) - min(x)) or 0.5
    return (min(x) - pad, max(x) + pad), effect_limits(yi, yi, yi, keep + ([] if null is None else [null]))


def _canvas(count: int, titles: Sequence[str], foot: float) -> tuple[Figure, list[Axes]]:
    across = min(count, PANELS_ACROSS)
    down = -(-count // across)
    height = HEIGHT if count == 1 else PANEL_HEIGHT
    heading = 0.0 if count == 1 else PANEL_TITLE
    figure = Figure(
        figsize=(style.WIDTH, title_room(titles) + down * (heading + height) + (down - 1) * AXIS_ROOM + foot)
    )
    write_title(figure, titles)
    width = (INNER + EDGE - LEFT - (across - 1) * BETWEEN) / across
    panels = []
    for i in range(count):
        bottom = foot + (down - 1 - i // across) * (height + heading + AXIS_ROOM)
        panels.append(place_axes(figure, LEFT + (i % across) * (width + BETWEEN), bottom, width, height))
    return figure, panels


def _draw_bubbles(axes: Axes, points: Sequence[tuple[str, float, float, float]], heaviest: float) -> None:
    areas = [max(SMALLEST, LARGEST * point[3] / (heaviest or 1.0)) for point in points]
    x, y = [point[1] for point in points], [point[2] for point in points]
    axes.scatter(x, y, s=areas, facecolor=style.BUBBLE, edgecolor=style.MUTED, linewidth=0.7, zorder=3)


def _draw_lines(axes: Axes, lines: Mapping[str, Records], colours: Sequence[str], *, with_bands: bool) -> None:
    """Draw each line with its bands; of several lines in one panel the prediction bands are left to their outlines."""
    for i, rows in enumerate(lines.values()):
        colour = colours[i % len(colours)]
        x, pred, ci_lb, ci_ub, pi_lb, pi_ub = (
            _column(rows, c) for c in ("value", "pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")
        )
        axes.fill_between(x, ci_lb, ci_ub, color=colour, alpha=0.26 if len(lines) == 1 else 0.16, linewidth=0, zorder=2)
        if with_bands or len(lines) == 1:
            axes.fill_between(x, pi_lb, pi_ub, color=colour, alpha=0.10, linewidth=0, zorder=1)
        for limit in (pi_lb, pi_ub):
            axes.plot(x, limit, color=colour, linewidth=0.8, linestyle=(0, (2, 2)), zorder=2)
        dash = "-" if with_bands else style.DASHES[i % len(style.DASHES)]
        axes.plot(x, pred, color=colour, linewidth=1.8, linestyle=dash, zorder=4)


def _column(rows: Records, column: str) -> Array:
    return np.array(numbers(rows, column))


def _set_axes(
    axes: Axes,
    limits: tuple[tuple[float, float], tuple[float, float]],
    measure: str,
    moderator: str,
    panels: Sequence[Axes],
    i: int,
) -> None:
    null = null_value(measure)
    if null is not None:
        axes.axhline(null, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.locator_params(axis="x", nbins=9 if len(panels) == 1 else 5)
    set_effect_axis(axes.yaxis, *limits[1], measure, 8 if len(panels) == 1 else 6)
    axes.set_xlabel(fit_text(moderator, 7.0 if len(panels) == 1 else 2.3), labelpad=5)
    if i % PANELS_ACROSS == 0:
        height = HEIGHT if len(panels) == 1 else PANEL_HEIGHT
        axes.set_ylabel("\n".join(wrap_text(axis_name(measure), height, lines=2)), labelpad=6)
    else:
        axes.tick_params(labelleft=False)


def _handles(lines: Mapping[str, Records], first: Record, *, panelled: bool) -> list[Artist]:
    level = level_text(number(first, "level"))
    colour = style.BLUE if len(lines) == 1 else style.MUTED
    handles: list[Artist] = [bubble_handle()]
    if len(lines) > 1 and not panelled:
        for i, label in enumerate(lines):
            dash, ink = style.DASHES[i % len(style.DASHES)], style.SERIES[i % len(style.SERIES)]
            name = fit_text(label, 2.4, style.LEGEND)
            handles.append(Line2D([], [], color=ink, linestyle=dash, linewidth=1.8, label=name))
    else:
        handles.append(Line2D([], [], color=colour, linewidth=1.8, label="Predicted mean"))
    handles.append(Patch(facecolor=colour, alpha=0.3, label=f"{level} confidence interval"))
    if has_prediction(first):
        name = f"{level} prediction interval"
        handles.append(Line2D([], [], color=colour, linewidth=0.8, linestyle=(0, (2, 2)), label=name))
    return handles
