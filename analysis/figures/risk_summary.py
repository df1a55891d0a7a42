"""Risk of bias by domain: bars of the share of studies at each level, and of the weight that they have."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.frame import (
    EDGE,
    INNER,
    notes_room,
    place_axes,
    title_lines,
    title_room,
    write_notes,
    write_title,
)
from analysis.figures.lettering import text_width, wrap_text
from analysis.figures.records import Record, Records, number, word
from analysis.figures.risk_marks import KEY_LINE, LIGHTS, draw_key, key_lines, key_of
from analysis.formatting import format_percent

LABELS: Final = 2.9
# Name of what a bar divides, between the labels and the bars.
KINDS: Final = 0.62
BAR: Final = 0.2
THIN: Final = 0.15
BETWEEN: Final = 0.2
LINE: Final = 0.155
AXIS: Final = 0.24
TICKS: Final = (0, 25, 50, 75, 100)
MARGIN: Final = 0.035
# Half of the line around a bar must stay on the axes.
INK: Final = 0.02
LABEL_LINES: Final = 3


@style.styled
def plot_risk_summary(summary: Records, *, title: str = "", notes: Sequence[str] = ()) -> Figure:
    """Draw one bar per domain for studies and, where weights are known, one for weight.

    Parameters
    ----------
    summary : records
        Rows of `risk_of_bias_summary.csv`.
    title, notes : str, sequence of str

    Raises
    ------
    DataError
        No rows.
    """
    if not summary:
        raise DataError("risk_of_bias_summary.csv has no rows. Bring a risk_of_bias in review.yaml.")
    by_domain: dict[str, list[Record]] = {}
    for row in summary:
        by_domain.setdefault(word(row, "domain"), []).append(row)
    weighted = all(row["weight"] is not None for row in summary)
    labels = [wrap_text(word(rows[0], "name"), LABELS, lines=LABEL_LINES) for rows in by_domain.values()]
    heights = [max(BAR + (THIN + 0.03) * weighted, LINE * len(lines)) + BETWEEN for lines in labels]
    key = key_lines(key_of(summary))
    heads, lines = title_lines(title), [line for note in notes for line in wrap_text(note, INNER, style.SMALL)]
    bars = INK + sum(heights) + AXIS
    height = bars + KEY_LINE * len(key)
    below, above = notes_room(lines) + 0.1, title_room(heads)
    figure = Figure(figsize=(style.WIDTH, below + height + above))
    axes = place_axes(figure, EDGE, below, INNER, height)
    axes.set_xlim(0, INNER)
    axes.set_ylim(height, 0)
    axes.axis("off")
    y = INK
    for rows, words, room in zip(by_domain.values(), labels, heights, strict=True):
        _write_label(axes, words, y + (room - BETWEEN) / 2)
        _draw_bars(axes, rows, y, weighted)
        y += room
    _draw_scale(axes, y - BETWEEN / 2)
    draw_key(axes, key, bars)
    write_title(figure, heads)
    write_notes(figure, lines)
    return figure


def _left() -> float:
    return LABELS + KINDS + 0.1


def _scaled(share: float) -> float:
    return share * (INNER - _left() - 0.2)


def _write_label(axes: Axes, words: Sequence[str], centre: float) -> None:
    for i, line in enumerate(words):
        axes.text(0, centre + LINE * (i - (len(words) - 1) / 2), line, va="center_baseline")


def _draw_bars(axes: Axes, rows: Records, y: float, weighted: bool) -> None:
    _draw_bar(axes, [(word(row, "mark"), number(row, "share")) for row in rows], y, BAR, "studies")
    if weighted:
        shares = [(word(row, "mark"), number(row, "weight") / 100) for row in rows]
        _draw_bar(axes, shares, y + BAR + 0.03, THIN, "weight")


def _draw_bar(axes: Axes, shares: Sequence[tuple[str, float]], y: float, height: float, name: str) -> None:
    what = axes.text(_left() - 0.08, y + height / 2, name, ha="right", va="center_baseline")
    what.set(size=style.SMALL, color=style.MUTED)
    x = _left()
    for mark, share in shares:
        if share > 0:
            light, width = LIGHTS[mark], _scaled(share)
            segment = Rectangle((x, y), width, height, facecolor=light.fill, edgecolor="white", linewidth=1.0)
            axes.add_patch(segment)
            if mark in ("", "unknown"):
                axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=style.RULE, linewidth=0.8))
            words = _segment_words(light.sign, share, width)
            size = style.SMALL if height == BAR else style.SMALL - 0.5
            axes.text(
                x + width / 2, y + height / 2, words, size=size, color=light.ink, ha="center", va="center_baseline"
            )
            x += width


def _segment_words(sign: str, share: float, width: float) -> str:
    """Return sign and share, or what of it there is room for."""
    share_text = format_percent(100 * share, 0)
    for words in (f"{sign} {share_text}".strip(), sign):
        if text_width(words, style.SMALL) + MARGIN <= width:
            return words
    return ""


def _draw_scale(axes: Axes, y: float) -> None:
    axes.plot((_left(), _left() + _scaled(1)), (y, y), color=style.INK, linewidth=0.7)
    for tick in TICKS:
        x = _left() + _scaled(tick / 100)
        axes.plot((x, x), (y, y + 0.04), color=style.INK, linewidth=0.7)
        axes.text(x, y + 0.12, f"{tick}%", size=style.SMALL, ha="center", va="center_baseline")
