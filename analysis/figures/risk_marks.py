"""Traffic lights of the risk of bias: a colour and a sign for each judgement, so that colour is never alone.

The colours are those of Okabe & Ito (2008), which readers with any kind of colour vision can tell apart; the signs are
those of the RoB 2 tool.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from analysis.figures import style
from analysis.figures.frame import INNER
from analysis.figures.lettering import fit_text, text_width
from analysis.figures.records import Records, word

RADIUS: Final = 0.085
# To an inch.
POINTS: Final = 72
# Between a light and its word, and between one entry of the key and the next.
AFTER_LIGHT: Final = 0.08
AFTER_WORD: Final = 0.3
KEY_LINE: Final = 0.24
NOT_JUDGED: Final = "not judged"


@dataclass(frozen=True, slots=True)
class Light:
    """How a judgement looks: fill, ink of its sign, the sign, the line around it."""

    fill: str
    ink: str
    sign: str
    edge: str
    dashed: bool = False


LIGHTS: Final[dict[str, Light]] = {
    "low": Light("#009e73", style.INK, "+", "#00694d"),
    "fair": Light("#56b4e9", style.INK, "\u00b1", "#2b7fae"),
    "some": Light("#f0e442", style.INK, "!", "#9a9118"),
    "high": Light(style.VERMILLION, style.INK, "\u2212", "#8f3f00"),
    "critical": Light("#5c1a3a", "#ffffff", "\u00d7", "#5c1a3a"),
    "unknown": Light("#ffffff", style.INK, "?", style.MUTED),
    "": Light(style.BAND, style.INK, "", style.MUTED, dashed=True),
}


def draw_lights(axes: Axes, places: Sequence[tuple[float, float, str]]) -> None:
    """Draw lights, each at x and y with its mark, on axes whose units are inches.

    Lights of one mark share one shape, which keeps the file of a hundred studies small.
    """
    for mark, light in LIGHTS.items():
        own = [(x, y) for x, y, each in places if each == mark]
        if not own:
            continue
        dots = axes.scatter([x for x, _ in own], [y for _, y in own], s=(2 * RADIUS * POINTS) ** 2, clip_on=False)
        dots.set(facecolor=light.fill, edgecolor=light.edge, linewidth=0.8, gid=f"lights-{mark or 'none'}", zorder=2)
        dots.set_linestyle((0, (2, 1.5)) if light.dashed else "-")
        for x, y in own if light.sign else ():
            axes.text(x, y, light.sign, color=light.ink, size=9, weight="bold", ha="center", va="center_baseline")


def key_of(summary: Records) -> list[tuple[str, str]]:
    """Return mark and word of every level, in the order of the tool; studies without a judgement last."""
    levels = dict.fromkeys((word(row, "mark"), word(row, "level") or NOT_JUDGED) for row in summary)
    return sorted(levels, key=lambda entry: entry[0] == "")


def key_lines(key: Sequence[tuple[str, str]]) -> list[list[tuple[float, str, str]]]:
    """Break a key into lines: by entry where it starts from the left, its mark, its word."""
    lines: list[list[tuple[float, str, str]]] = [[]]
    x = 0.0
    for mark, level in key:
        name = fit_text(level[:1].upper() + level[1:], INNER / 2, style.LEGEND)
        width = 2 * RADIUS + AFTER_LIGHT + text_width(name, style.LEGEND)
        if lines[-1] and x + width > INNER:
            lines.append([])
            x = 0.0
        lines[-1].append((x, mark, name))
        x += width + AFTER_WORD
    return lines


def draw_key(axes: Axes, lines: Sequence[Sequence[tuple[float, str, str]]], top: float) -> None:
    """Draw a key on axes whose units are inches, `top` counted downwards."""
    places = [(x, top + KEY_LINE * (i + 0.5), mark, name) for i, line in enumerate(lines) for x, mark, name in line]
    draw_lights(axes, [(x + RADIUS + 0.01, y, mark) for x, y, mark, _ in places])
    for x, y, _, name in places:
        axes.text(x + 2 * RADIUS + AFTER_LIGHT, y, name, size=style.LEGEND, va="center_baseline")
