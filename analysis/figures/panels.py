"""The panels of a bubble plot: one, or as many as the second moderator has levels, all with the same scales."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import style
from analysis.figures.axis import axis_name, effect_ticks, null_value, set_effect_axis
from analysis.figures.frame import EDGE, INNER, place_axes, title_room, write_title
from analysis.figures.lettering import fit_text, text_width, wrap_text

# Inches.
HEIGHT: Final = 3.9
PANEL_HEIGHT: Final = 2.7
BETWEEN: Final = 0.22
AXIS_ROOM: Final = 0.52
PANEL_TITLE: Final = 0.26
NAME_LINE: Final = 0.15
TICK: Final = 0.24
PANELS_ACROSS: Final = 3

type Limits = tuple[tuple[float, float], tuple[float, float]]


def lay_panels(
    count: int, limits: Limits, measure: str, titles: Sequence[str], foot: float
) -> tuple[Figure, list[Axes]]:
    """Place panels in rows of three above `foot` inches, with their ticks and the line of no effect."""
    across = min(count, PANELS_ACROSS)
    down = -(-count // across)
    height, heading, most = (HEIGHT, 0.0, 8) if count == 1 else (PANEL_HEIGHT, PANEL_TITLE, 6)
    name = wrap_text(axis_name(measure), height, lines=2)
    labels = effect_ticks(*limits[1], measure, most)[1]
    left = EDGE + NAME_LINE * len(name) + TICK + max(text_width(label) for label in labels)
    width = (INNER + EDGE - left - (across - 1) * BETWEEN) / across
    step = height + heading + AXIS_ROOM
    figure = Figure(figsize=(style.WIDTH, title_room(titles) + down * step - AXIS_ROOM + foot))
    write_title(figure, titles)
    panels = []
    for i in range(count):
        row, column = divmod(i, across)
        bottom = foot + (down - 1 - row) * step
        axes = place_axes(figure, left + column * (width + BETWEEN), bottom, width, height)
        _set_scales(axes, limits, measure, most, 9 if count == 1 else 5)
        if column:
            axes.tick_params(labelleft=False)
        else:
            axes.set_ylabel("\n".join(name), labelpad=6)
        panels.append(axes)
    return figure, panels


def name_moderator(axes: Axes, moderator: str) -> None:
    """Write the name of the moderator below a panel, as much of it as there is room for."""
    axes.set_xlabel(fit_text(moderator, axes.get_position().width * style.WIDTH), labelpad=5)


def name_panel(axes: Axes, level: str) -> None:
    """Write the level that a panel shows above it."""
    title = fit_text(level, axes.get_position().width * style.WIDTH, style.BODY, bold=True)
    axes.set_title(title, size=style.BODY, weight="bold", loc="left")


def _set_scales(axes: Axes, limits: Limits, measure: str, most: int, across: int) -> None:
    null = null_value(measure)
    if null is not None:
        axes.axhline(null, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.locator_params(axis="x", nbins=across)
    set_effect_axis(axes.yaxis, *limits[1], measure, most)
