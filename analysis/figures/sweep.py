"""A model again at other correlations of the sampling errors of one study's effects."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import style
from analysis.figures.axis import axis_name, effect_limits
from analysis.figures.frame import legend_room, notes_room, title_lines, write_legend, write_notes
from analysis.figures.panels import lay_panels, name_moderator
from analysis.figures.records import Records, number, numbers, word
from analysis.figures.wording import level_text
from analysis.formatting import format_effect, format_interval

AXIS_ROOM: Final = 0.52
MARKERS: Final = ("o", "s", "^", "D")
# Between the intervals of two models at one correlation, in units of the correlation.
APART: Final = 0.016
EDGE_OF_AXIS: Final = 0.05
NAME: Final = "Assumed correlation \u03c1 of the sampling errors of one study"
NOTE: Final = "Filled: the correlation that the model of the page assumes."


@style.styled
def plot_sweep(
    sweep: Records, *, own: dict[str, float], names: dict[str, str], measure: str, title: str = ""
) -> Figure:
    """Draw the mean effect with its interval at every correlation, models side by side.

    Parameters
    ----------
    sweep : records of sweep.csv, each with the name of its `model`
        Of models without moderators; rows that could not be fitted have no estimate.
    own : mapping of model to the correlation it assumes
    names : mapping of model to its name for a reader
    measure : str
    title : str
    """
    shown = [row for row in sweep if np.isfinite(number(row, "estimate"))]
    models = list(dict.fromkeys(word(row, "model") for row in shown))
    handles = _handles(models, names, level_text(number(shown[0], "level")))
    titles = title_lines(title)
    foot = notes_room([NOTE]) + legend_room([str(handle.get_label()) for handle in handles]) + AXIS_ROOM
    ends = numbers(shown, "ci_lb"), numbers(shown, "ci_ub")
    estimates = numbers(shown, "estimate")
    limits = effect_limits(ends[0], estimates, ends[1], measure=measure, near=[*ends[0], *ends[1]], keep=estimates)
    high = max(numbers(shown, "rho"))
    figure, (axes,) = lay_panels(1, ((-EDGE_OF_AXIS, high + EDGE_OF_AXIS), limits), measure, titles, foot)
    for index, model in enumerate(models):
        rows = [row for row in shown if word(row, "model") == model]
        _draw(axes, rows, (index - (len(models) - 1) / 2) * APART, index, own.get(model))
    ticks = sorted(set(numbers(shown, "rho")))
    axes.set_xticks(ticks, [_rho(tick) for tick in ticks])
    name_moderator(axes, NAME)
    write_notes(figure, [NOTE])
    write_legend(figure, handles, notes_room([NOTE]) + 0.06)
    return figure


def describe_sweep(sweep: Records, *, names: dict[str, str], measure: str) -> dict[str, str]:
    """Return title, caption and alternative text; arguments as for `plot_sweep`."""
    caption = (
        f"{axis_name(measure)}: the mean and its confidence interval, when the sampling errors of one study\u2019s "
    )
    caption += "effects are taken to correlate by other amounts than the models of this page do."
    alt = "Mean effect against the assumed correlation of sampling errors. "
    for model in dict.fromkeys(word(row, "model") for row in sweep):
        rows = [row for row in sweep if word(row, "model") == model and np.isfinite(number(row, "estimate"))]
        ends = [
            f"{format_effect(number(row, 'estimate'), measure)} "
            f"{format_interval(number(row, 'ci_lb'), number(row, 'ci_ub'), measure)} at "
            f"{_rho(number(row, 'rho'))}"
            for row in (rows[0], rows[-1])
        ]
        alt += f"{names.get(model, model)}: from {ends[0]} to {ends[1]}. "
    return {"title": "The mean under other assumed correlations", "caption": caption, "alt": alt.strip()}


def _rho(value: float) -> str:
    return "0" if value == 0 else format_effect(value, "COR", len(f"{value:g}") - 2)


def _draw(axes: Axes, rows: Records, shift: float, index: int, own: float | None) -> None:
    colour, marker = style.SERIES[index % len(style.SERIES)], MARKERS[index % len(MARKERS)]
    x = np.array(numbers(rows, "rho")) + shift
    axes.vlines(x, numbers(rows, "ci_lb"), numbers(rows, "ci_ub"), color=colour, linewidth=1.6)
    y = numbers(rows, "estimate")
    axes.plot(x, y, color=colour, linewidth=0.8, linestyle=style.DASHES[index % len(style.DASHES)], zorder=2)
    chosen = [own is not None and abs(rho - own) < 1e-12 for rho in numbers(rows, "rho")]
    faces = [colour if one else "white" for one in chosen]
    axes.scatter(x, y, s=30, marker=marker, facecolor=faces, edgecolor=colour, linewidth=1.2, zorder=3)


def _handles(models: Sequence[str], names: dict[str, str], level: str) -> list[Artist]:
    return [
        Line2D(
            [], [], color=style.SERIES[index % len(style.SERIES)], marker=MARKERS[index % len(MARKERS)],
            linestyle=style.DASHES[index % len(style.DASHES)], markerfacecolor="white",
            label=f"{names.get(model, model)}, {level} confidence interval",
        )
        for index, model in enumerate(models)
    ]  # fmt: skip
