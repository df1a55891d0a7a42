"""Specification curve: every specification's estimate in order, and below it the choices that made it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from analysis.figures import style
from analysis.figures.axis import axis_name
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
from analysis.figures.records import Record, Records, number, numbers, word
from analysis.formatting import format_count, format_shown, format_shown_interval
from analysis.results import Array

CURVE: Final = 2.3
ROW: Final = 0.155
GAP: Final = 0.5
BETWEEN: Final = 0.15
AXIS_ROOM: Final = 0.42
LABELS_AT_MOST: Final = 1.9
# A tick this near to zero is zero.
ZERO: Final = 1e-12
# From here on lines are thinner.
MANY: Final = 200
# What was chosen, in the order in which rows stand below the curve, and words for it.
CHOICES: Final[dict[str, str]] = {
    "measure": "measure",
    "vtype": "variance",
    "aggregate": "effects of a study",
    "subset": "studies",
    "outliers": "outliers left out",
    "method": "estimator",
    "test": "test",
}
COLOURS: Final[dict[str, str]] = {"positive": style.BLUE, "open": style.MUTED, "negative": style.VERMILLION}
WORDS: Final[dict[str, str]] = {
    "positive": "interval above no effect",
    "open": "interval includes no effect",
    "negative": "interval below no effect",
}


@style.styled
def plot_specifications(multiverse: Records, *, null: float, measure: str, title: str = "") -> Figure:
    """Draw the specification curve of one estimand.

    Parameters
    ----------
    multiverse : records of multiverse.csv
        Of one estimand, on the shown scale.
    null : float
        No effect on that scale.
    measure : str
        Its name stands at the axis.
    title : str
    """
    rows = sorted((one for one in multiverse if np.isfinite(number(one, "estimate"))), key=_order)
    choices = _choices(rows)
    lines = sum(len(options) for options in choices.values()) + GAP * len(choices)
    found = [name for name in COLOURS if any(word(one, "conclusion") == name for one in rows)]
    handles = [Line2D([], [], color=COLOURS[name], marker="o", markersize=4, label=WORDS[name]) for name in found]
    handles.append(Line2D([], [], color=style.INK, linewidth=1.0, linestyle=":", label="nearest to the headline model"))
    notes = [f"Specifications: {format_count(len(rows))}, in the order of their estimates."]
    left = EDGE + max(text_width(fit_text(label, LABELS_AT_MOST)) for label in _labels(choices)) + 0.2
    foot = notes_room(notes) + legend_room([str(handle.get_label()) for handle in handles]) + 0.1
    titles = title_lines(title)
    height = title_room(titles) + CURVE + BETWEEN + ROW * lines + foot
    figure = Figure(figsize=(style.WIDTH, height))
    write_title(figure, titles)
    write_notes(figure, notes)
    width = style.WIDTH - EDGE - left
    _draw_curve(place_axes(figure, left, foot + ROW * lines + BETWEEN, width, CURVE), rows, null, measure)
    _draw_choices(place_axes(figure, left, foot, width, ROW * lines), rows, choices)
    write_legend(figure, handles, notes_room(notes) + 0.06)
    return figure


def describe_specifications(multiverse: Records, *, measure: str) -> dict[str, str]:
    """Return title, caption and alternative text; arguments as for `plot_specifications`."""
    rows = sorted((one for one in multiverse if np.isfinite(number(one, "estimate"))), key=_order)
    shares = {name: sum(word(one, "conclusion") == name for one in rows) for name in COLOURS}
    alt = f"Estimates of {format_count(len(rows))} specifications from "
    alt += f"{format_shown(number(rows[0], 'estimate'), measure)} "
    alt += f"{format_shown_interval(number(rows[0], 'ci_lb'), number(rows[0], 'ci_ub'), measure)} to "
    alt += f"{format_shown(number(rows[-1], 'estimate'), measure)} "
    alt += f"{format_shown_interval(number(rows[-1], 'ci_lb'), number(rows[-1], 'ci_ub'), measure)}. "
    alt += "; ".join(f"{WORDS[name]}: {format_count(count)}" for name, count in shares.items() if count) + "."
    caption = (
        "Above: the mean under every combination of choices, with its interval. Below: which choices made it; the "
    )
    caption += "dotted line is the combination nearest to the headline model."
    name = word(rows[0], "estimand").replace("_", " ")
    return {"title": f"Specification curve: {name}", "caption": caption, "alt": alt}


def _order(one: Record) -> tuple[float, float]:
    return number(one, "estimate"), number(one, "spec")


def _choices(rows: Records) -> Mapping[str, list[str]]:
    """Options of the choices that vary, in order of first appearance in the file."""
    ordered = sorted(rows, key=lambda one: number(one, "spec"))
    found = {name: list(dict.fromkeys(word(one, name) for one in ordered)) for name in CHOICES}
    return {name: options for name, options in found.items() if len(options) > 1}


def _labels(choices: Mapping[str, list[str]]) -> list[str]:
    return [f"{CHOICES[name]}: {option}" for name, options in choices.items() for option in options] or [""]


def _draw_curve(axes: Axes, rows: Records, null: float, measure: str) -> None:
    x = np.arange(len(rows), dtype=float)
    few = len(rows) < MANY
    for conclusion, colour in COLOURS.items():
        here = [i for i, one in enumerate(rows) if word(one, "conclusion") == conclusion]
        if here:
            own = [rows[i] for i in here]
            _segments(axes, x[here], numbers(own, "ci_lb"), numbers(own, "ci_ub"), colour, 0.9 if few else 0.35, 0.55)
            marks: dict[str, Any] = {
                "marker": "o",
                "markersize": 3.0 if few else 1.6,
                "markeredgewidth": 0,
                "linestyle": "",
            }
            axes.plot(x[here], numbers(own, "estimate"), color=colour, zorder=3, **marks)
    axes.axhline(null, color=style.INK, linewidth=0.8, zorder=1)
    _mark_reference(axes, rows)
    axes.set_xlim(-1, len(rows))
    axes.set_xticks([])
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: "0" if abs(value) < ZERO else format_shown(value, measure))
    )
    axes.set_ylabel(axis_name(measure).split(" (")[0], labelpad=6)


def _draw_choices(axes: Axes, rows: Records, choices: Mapping[str, list[str]]) -> None:
    at, places, labels = 0.0, [], []
    for name, options in choices.items():
        for option in options:
            x = [i for i, one in enumerate(rows) if word(one, name) == option]
            low, high = [at - 0.38] * len(x), [at + 0.38] * len(x)
            _segments(axes, np.array(x, dtype=float), low, high, style.INK, 0.9 if len(rows) < MANY else 0.35, 1.0)
            places.append(at)
            labels.append(fit_text(f"{CHOICES[name]}: {option}", LABELS_AT_MOST))
            at += 1.0
        at += GAP
    _mark_reference(axes, rows)
    axes.set_xlim(-1, len(rows))
    axes.set_ylim(max(at - GAP, 1.0) - 0.5, -0.5)
    axes.set_yticks(places, labels, size=style.SMALL)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _segments(
    axes: Axes, x: Array, low: Sequence[float], high: Sequence[float], colour: str, width: float, alpha: float
) -> None:
    """Draw upright lines as one path with gaps: a path each would make the page many times as large."""
    gap = np.full(len(x), np.nan)
    across, up = np.column_stack([x, x, gap]).ravel(), np.column_stack([low, high, gap]).ravel()
    axes.plot(across, up, color=colour, linewidth=width, alpha=alpha, solid_capstyle="butt")


def _mark_reference(axes: Axes, rows: Records) -> None:
    for i, one in enumerate(rows):
        if one["reference"]:
            axes.axvline(i, color=style.INK, linewidth=1.0, linestyle=":", zorder=0)
