"""A figure with the words that belong to it, and a plain line chart."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.frame import (
    EDGE,
    legend_room,
    notes_room,
    place_axes,
    title_lines,
    title_room,
    write_legend,
    write_title,
)

HEIGHT: Final = 3.0
LEFT: Final = 0.75
AXIS_ROOM: Final = 0.52


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure, what it says to those who do not see it, and a line to stand below it."""

    figure: Figure
    alt: str
    caption: str = ""

    def __str__(self) -> str:
        """Say what the figure shows."""
        return self.alt

    def _repr_html_(self) -> str:
        # As an image of its own: names inside it cannot meet those of another figure on the page.
        data = b64encode(style.render(self.figure, "svg")).decode()
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.alt)}">'
        return f'<figure class="picture">{image}{caption}</figure>'


@style.styled
def draw_curves(
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    x_name: str,
    y_name: str,
    title: str = "",
    level: float | None = None,
    marks: Mapping[str, float] | None = None,
    alt: str = "",
) -> Picture:
    """Draw lines over one axis.

    Parameters
    ----------
    x : (m,)
    curves : mapping of a name to (m,) values
    x_name, y_name : str
        What the axes show.
    title : str
    level : float, optional
        Height of a thin horizontal line.
    marks : mapping of a name to a place on the x axis, optional
        Each a dashed vertical line.
    alt : str
        What the figure shows; by default where every line starts and ends.

    Raises
    ------
    DataError
        When there is no line, or one of another length.
    """
    at = np.asarray(x, dtype=float)
    lines = {name: np.asarray(values, dtype=float) for name, values in curves.items()}
    if not lines or any(values.shape != at.shape for values in lines.values()):
        raise DataError(f"every curve needs one value for each of the {at.size} places on the x axis.")
    handles = _handles(list(lines), list(marks or {}))
    titles = title_lines(title)
    foot = notes_room([]) + legend_room([str(handle.get_label()) for handle in handles]) + AXIS_ROOM
    figure = Figure(figsize=(style.WIDTH, title_room(titles) + HEIGHT + foot))
    write_title(figure, titles)
    axes = place_axes(figure, LEFT, foot, style.WIDTH - LEFT - EDGE - 0.1, HEIGHT)
    for values, handle in zip(lines.values(), handles, strict=False):
        axes.plot(at, values, color=handle.get_color(), linestyle=handle.get_linestyle(), linewidth=1.6)
    for place, handle in zip((marks or {}).values(), handles[len(lines) :], strict=True):
        axes.axvline(place, color=handle.get_color(), linestyle=handle.get_linestyle(), linewidth=1.0)
    if level is not None:
        axes.axhline(level, color=style.MUTED, linewidth=0.8)
    axes.set_xlim(at.min(), at.max())
    axes.set_xlabel(x_name, labelpad=5)
    axes.set_ylabel(y_name, labelpad=6)
    write_legend(figure, handles, notes_room([]) + 0.06)
    return Picture(figure=figure, alt=alt or _alt(at, lines, x_name, y_name))


def described(figure: Figure, words: Mapping[str, Any]) -> Picture:
    """Return a figure with the words that `describe_*` has for it."""
    return Picture(figure=figure, alt=str(words["alt"]), caption=str(words["caption"]))


def _handles(lines: Sequence[str], marks: Sequence[str]) -> list[Line2D]:
    series, dashes = style.SERIES, style.DASHES
    drawn = [
        Line2D([], [], color=series[i % len(series)], linestyle=dashes[i % len(dashes)], linewidth=1.6, label=name)
        for i, name in enumerate(lines)
    ]
    drawn += [
        Line2D([], [], color=style.INK, linestyle=dashes[(i + 1) % len(dashes)], linewidth=1.0, label=name)
        for i, name in enumerate(marks)
    ]
    return drawn


def _alt(x: Any, lines: Mapping[str, Any], x_name: str, y_name: str) -> str:
    ends = "; ".join(f"{name}: from {values[0]:.3g} to {values[-1]:.3g}" for name, values in lines.items())
    return f"{y_name} against {x_name} from {x.min():.3g} to {x.max():.3g}. {ends}."
