"""What surrounds every figure: a title at the top left, notes in small print at the bottom left, all in inches."""

from collections.abc import Sequence
from typing import Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import style
from analysis.figures.lettering import fit_text, text_width, wrap_text

EDGE: Final = 0.12
TITLE_LINE: Final = 0.2
NOTE_LINE: Final = 0.165
LEGEND_LINE: Final = 0.2
# Between the marks and words of one entry of a legend and the next, inches.
LEGEND_GAP: Final = 0.62
INNER: Final = style.WIDTH - 2 * EDGE


def title_lines(title: str) -> list[str]:
    """Break a title into lines as wide as the figure; none for an empty one."""
    return wrap_text(title, INNER, style.HEADING, bold=True) if title else []


def title_room(lines: Sequence[str]) -> float:
    """Return the height that a title takes from the top."""
    return EDGE + TITLE_LINE * len(lines) + (0.08 if lines else 0)


def notes_room(notes: Sequence[str]) -> float:
    """Return the height that the notes take from the bottom."""
    return EDGE + NOTE_LINE * len(notes)


def write_title(figure: Figure, lines: Sequence[str]) -> None:
    """Write a title from the top left corner down."""
    top = figure.get_figheight() - EDGE
    for i, line in enumerate(lines):
        y = top - TITLE_LINE * i
        figure.text(EDGE, y, line, transform=figure.dpi_scale_trans, size=style.HEADING, weight="bold", va="top")


def write_notes(figure: Figure, notes: Sequence[str]) -> None:
    """Write one note per line above the bottom left corner."""
    for i, note in enumerate(reversed(notes)):
        y, line = EDGE + NOTE_LINE * i, fit_text(note, INNER, style.SMALL)
        figure.text(EDGE, y, line, transform=figure.dpi_scale_trans, size=style.SMALL, color=style.MUTED, va="bottom")


def place_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in inches from the bottom left corner."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.tick_params(length=3.5)
    return axes


def legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of a legend fit side by side."""
    column = max(text_width(label, style.LEGEND) for label in labels) + LEGEND_GAP
    one_line = sum(text_width(label, style.LEGEND) + LEGEND_GAP for label in labels)
    return len(labels) if one_line <= INNER else max(1, int(INNER / column))


def legend_room(labels: Sequence[str]) -> float:
    """Return the height that a legend above the notes takes."""
    return LEGEND_LINE * -(-len(labels) // legend_columns(labels)) + 0.2


def write_legend(figure: Figure, handles: Sequence[Artist], bottom: float) -> None:
    """Write a legend along the left edge, `bottom` inches from the lower one."""
    figure.legend(
        handles=list(handles),
        loc="lower left",
        bbox_to_anchor=(EDGE / figure.get_figwidth(), bottom / figure.get_figheight()),
        ncols=legend_columns([str(handle.get_label()) for handle in handles]),
        borderaxespad=0,
        borderpad=0,
        columnspacing=1.6,
        handletextpad=0.6,
    )
