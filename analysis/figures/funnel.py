"""Contour-enhanced funnel plot, which shows whether studies are missing where they would not have been significant.

References
----------
.. [1] Peters, Sutton, Jones, Abrams & Rushton (2008), J. Clin. Epidemiol. 61(10), 991-996.
"""

import math
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.special import ndtri

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.axis import SHORT_NAMES, axis_name, null_value, set_effect_axis
from analysis.figures.frame import EDGE, place_axes, title_lines, title_room, write_title
from analysis.figures.records import Records, numbers
from analysis.figures.wording import TAU_SQUARED, level_text
from analysis.formatting import format_effect, format_number
from analysis.results import Array

# Two-sided p values at which the shade changes, from the middle outwards (Peters et al. 2008).
CONTOURS: Final = (0.10, 0.05, 0.01)
REGIONS: Final = ("p > .10", ".05 < p \u2264 .10", ".01 < p \u2264 .05", "p \u2264 .01")
HEIGHT: Final = 4.2
LEFT: Final = 0.75
LEGEND: Final = 2.15
STEPS: Final = 200


@style.styled
def plot_funnel(
    studies: Records,
    *,
    estimate: float,
    measure: str,
    tau2: float | None = None,
    level: float = 95.0,
    title: str = "",
) -> Figure:
    """Draw a contour-enhanced funnel plot.

    Parameters
    ----------
    studies : records of studies.csv
    estimate : float
        Pooled mean in units of the measure; drawn as a line.
    measure : str
        Code of the effect-size measure. A proportion has no value of no effect, hence no contours.
    tau2 : float, optional
        Between-study variance, squared units of the measure. The dotted limits are `estimate -/+ z sqrt(sei^2 + tau2)`.
    level : float
        Level of the dotted limits, in per cent.
    title : str

    Raises
    ------
    DataError
        When there is no study to draw.
    """
    if not studies:
        raise DataError("funnel plot: there is no effect to draw. Fit the model first.")
    yi, sei = np.array(numbers(studies, "yi")), np.array(numbers(studies, "sei"))
    se = np.linspace(0, 1.06 * sei.max(), STEPS)
    reach = float(ndtri(0.5 + level / 200)) * np.sqrt(se**2 + (tau2 or 0.0))
    titles = title_lines(title)
    figure = Figure(figsize=(style.WIDTH, title_room(titles) + HEIGHT + 0.65))
    write_title(figure, titles)
    axes = place_axes(figure, LEFT, 0.6, style.WIDTH - LEFT - LEGEND - EDGE, HEIGHT)
    handles = _draw_contours(axes, se, measure)
    handles += _draw_pooled(axes, estimate, se, reach, measure, tau2, level)
    points = axes.scatter(yi, sei, s=24, color=style.INK, edgecolors="white", linewidths=0.6, zorder=4, label="Effect")
    _set_axes(axes, yi, se, estimate, reach, measure)
    axes.legend(
        handles=[points, *handles], loc="upper left", bbox_to_anchor=(1.03, 1.0), borderaxespad=0, labelspacing=0.75
    )
    return figure


def _draw_contours(axes: Axes, se: Array, measure: str) -> list[Artist]:
    null = null_value(measure)
    if null is None:
        return []
    axes.set_facecolor(style.SHADES[-1])
    for level, shade in zip(reversed(CONTOURS), reversed(style.SHADES[:-1]), strict=True):
        half = float(ndtri(1 - level / 2)) * se
        axes.fill_betweenx(se, null - half, null + half, color=shade, linewidth=0, zorder=0)
    axes.axvline(null, color=style.MUTED, linewidth=0.8, zorder=1)
    return [
        Patch(facecolor=shade, edgecolor=style.RULE, linewidth=0.6, label=region)
        for shade, region in zip(style.SHADES, REGIONS, strict=True)
    ]


def _draw_pooled(
    axes: Axes, estimate: float, se: Array, reach: Array, measure: str, tau2: float | None, level: float
) -> list[Artist]:
    name = f"Pooled {SHORT_NAMES[measure]} = {format_effect(estimate, measure)}"
    spread = f",\n{TAU_SQUARED} = {format_number(tau2, 3)}" if tau2 else ""
    axes.axvline(estimate, color=style.BLUE, linewidth=1.2, dashes=(4, 2.5), zorder=2)
    for side in (-1, 1):
        axes.plot(estimate + side * reach, se, color=style.BLUE, linewidth=1.0, linestyle=":", zorder=2)
    return [
        Line2D([], [], color=style.BLUE, linewidth=1.2, dashes=(4, 2.5), label=name),
        Line2D(
            [],
            [],
            color=style.BLUE,
            linewidth=1.0,
            linestyle=":",
            label=f"{level_text(level)} of effects expected{spread}",
        ),
    ]


def _set_axes(axes: Axes, yi: Array, se: Array, estimate: float, reach: Array, measure: str) -> None:
    null = null_value(measure)
    # The limits at the widest effect need not fit in full, the contours not at all: the points decide.
    inside = [*yi, estimate - 0.8 * reach[-1], estimate + 0.8 * reach[-1], *([] if null is None else [null])]
    pad = 0.05 * (max(inside) - min(inside)) or 1.0
    low, high = float(min(inside) - pad), float(max(inside) + pad)
    axes.set_xlim(low, high)
    axes.set_ylim(float(se[-1]) or 1.0, 0)
    set_effect_axis(axes.xaxis, low, high, measure, 9)
    digits = max(1, 1 - math.floor(math.log10(float(se[-1]) or 1.0)))
    axes.yaxis.set_major_formatter(lambda value, _: format_number(value, digits) if value else "0")
    axes.set_xlabel(axis_name(measure), labelpad=5)
    axes.set_ylabel("Standard error", labelpad=6)
