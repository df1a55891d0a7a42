"""How every figure looks, and how it becomes bytes: the same records always give the same file.

Colours are those of Okabe & Ito (2008, Color Universal Design), which readers with any kind of colour vision can tell
apart; every distinction is also made by shape or line. SVG keeps text as text, so that it can be searched, selected and
read aloud.
"""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, Final, Literal

import matplotlib
from matplotlib.figure import Figure

INK: Final = "#1b1f24"
MUTED: Final = "#5b6470"
RULE: Final = "#b8bec6"
BAND: Final = "#f4f6f8"
BLUE: Final = "#0072b2"
VERMILLION: Final = "#d55e00"
SERIES: Final = (BLUE, VERMILLION, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES: Final[tuple[Literal["-", "--", "-.", ":"], ...]] = ("-", "--", "-.", ":")
BUBBLE: Final = "#5b647059"
# Regions of the funnel from p > .10 (white) outwards.
SHADES: Final = ("#ffffff", "#bcc6d0", "#d9dfe6", "#eef1f4")

# Inches; a page column is about nine of them wide.
WIDTH: Final = 9.0
# Points.
BODY: Final = 8.5
SMALL: Final = 7.5
LEGEND: Final = 8.0
HEADING: Final = 10.5
DPI: Final = 160

FONTS: Final = ("DejaVu Sans", "Verdana", "Geneva", "sans-serif")
SETTINGS: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": list(FONTS),
    "font.size": BODY,
    "text.parse_math": False,
    "text.usetex": False,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.labelsize": BODY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": BODY,
    "ytick.labelsize": BODY,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": LEGEND,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "analysis",
    "path.simplify": False,
}
METADATA: Final[dict[str, dict[str, None]]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


def styled[**P, R](draw: Callable[P, R]) -> Callable[P, R]:
    """Run a function under this style, whatever settings the caller has, and leave those as they were."""

    @wraps(draw)
    def draw_in_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(SETTINGS)  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return draw_in_style


@styled
def render(figure: Figure, kind: str) -> bytes:
    """Return a figure as the bytes of a file.

    Parameters
    ----------
    figure : Figure
    kind : {"svg", "png"}
        PNG has 160 dots per inch.
    """
    buffer = BytesIO()
    figure.savefig(buffer, format=kind, dpi=DPI, metadata=METADATA[kind])
    return buffer.getvalue()
