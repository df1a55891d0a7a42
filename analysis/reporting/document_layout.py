"""Where things go on a sheet: how wide the columns of a table are, and where a tall drawing is cut. Lengths in points.

PDF and Word share these measures, so that both break a page in much the same way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil, sqrt
from typing import Final
from unicodedata import east_asian_width

from analysis.reporting.document import Cell, Table, plain

# A4 with margins of 2 cm.
SHEET: Final = (595.28, 841.89)
MARGIN: Final = 56.69
TEXT_WIDTH: Final = SHEET[0] - 2 * MARGIN
TEXT_HEIGHT: Final = SHEET[1] - 2 * MARGIN
LANDSCAPE_WIDTH: Final = SHEET[1] - 2 * MARGIN
# Sizes of type in tables, the best first: upright as long as it can be read, then on a sheet turned by a quarter.
SIZES: Final = (
    *((size, False) for size in (9.0, 8.0, 7.5)),
    *((size, True) for size in (9.0, 8.0, 7.5, 7.0, 6.5, 6.0)),
)
GAP: Final = 8.0
# Letters a line of a column of words should have room for.
COMFORT: Final = 16
# A column of sentences asks for this times the root of its longest.
BROAD: Final = 1.8
# Type of sentences; height of a line in parts of its size; what a row and a title take besides.
BODY: Final = 10.5
LINE: Final = 1.3
PADDING: Final = 5.0
ABOVE: Final = 60.0
# Beyond this a word is broken wherever its column ends.
LONGEST_WORD: Final = 24
# Widths of letters of a serif type, in parts of its size; figures are all of one width.
NARROW: Final = frozenset("iljtfrI.,:;'|!()[]/\u2009-")
WIDE: Final = frozenset("mwMW%@\u2014\u2212\u00d7=<>")
# A drawing may be made smaller by this before it is cut in parts.
SMALLEST: Final = 0.8
# What the number and the title of a figure take above it, and its note below.
AROUND: Final = 130.0
BASELINE: Final = re.compile(r'<text[^>]* y="([\d.]+)"')
EXTENT: Final = re.compile(
    r'<svg[^>]*?\bwidth="([\d.]+)pt"[^>]*?\bheight="([\d.]+)pt"|<svg[^>]*?\bheight="([\d.]+)pt"[^>]*?\bwidth="([\d.]+)pt"'
)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Size of type, whether the sheet is turned, and the width of each column."""

    size: float
    landscape: bool
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one page shows of a drawing: from `top` to `bottom`, both in the drawing's own measure."""

    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class FigureLayout:
    """Extent of a drawing in its own measure, its scale on the sheet, and its parts, one for each page."""

    width: float
    height: float
    scale: float
    parts: tuple[Part, ...]


def letters_width(text: str) -> float:
    """Return about how wide a text is, in parts of the size of type, a little more rather than less."""
    return sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if letter in NARROW:
        return 0.34
    if letter in WIDE or letter.isupper():
        return 0.76
    if east_asian_width(letter) in "WF":
        return 1.0
    return 0.52


@cache
def lay_out_table(table: Table) -> TableLayout:
    """Return the layout in which no number is broken and words have room, as large as the sheet allows."""
    columns = [_Column(cells) for cells in zip(table.heads, *table.rows, strict=True)]
    for size, landscape in SIZES:
        room = (LANDSCAPE_WIDTH if landscape else TEXT_WIDTH) - GAP * len(columns)
        if sum(column.comfortable for column in columns) * size <= room:
            break
    widths = _share([column.least for column in columns], [column.natural for column in columns], room / size)
    return TableLayout(size, landscape, tuple(width * size + GAP for width in widths))


class _Column:
    """Widths of a column in parts of the size of type: without a break, and the least that breaks no word."""

    def __init__(self, cells: Sequence[Cell]):
        texts = [plain(cell.body) for cell in cells]
        self.natural = max(max(map(letters_width, texts)), 0.5)
        self.least = min(
            max(letters_width(word) for text in texts for word in (text.split(" ") or [""])), LONGEST_WORD * 0.52
        )
        if any(cell.sources for cell in cells):
            # Only the head of a column of numbers may be broken.
            self.least = self.natural = max(self.least, max(map(letters_width, texts[1:])))
        self.comfortable = max(self.least, min(self.natural, max(COMFORT * 0.52, BROAD * sqrt(self.natural))))


def _share(least: Sequence[float], natural: Sequence[float], room: float) -> list[float]:
    """Give every column its natural width, or where there is no room a width that grows with the root of its text.

    So cells of one row come out about as high as each other.
    """
    if sum(natural) <= room:
        return list(natural)
    bounds = list(zip(least, natural, strict=True))
    low, high = 0.0, max(natural)
    for _ in range(40):
        slack = (low + high) / 2
        taken = sum(max(small, min(whole, slack * sqrt(whole))) for small, whole in bounds)
        low, high = (slack, high) if taken <= room else (low, slack)
    widths = [max(small, min(whole, low * sqrt(whole))) for small, whole in bounds]
    excess = max(1.0, sum(widths) / room)
    return [width / excess for width in widths]


def table_height(table: Table) -> float:
    """Return about how high a table is with its title and note."""
    layout = lay_out_table(table)
    lines = [_lines(row, layout) for row in (table.heads, *table.rows)]
    return sum(count * layout.size * LINE + PADDING for count in lines) + text_height(plain(table.note)) + ABOVE


def text_height(text: str, *, landscape: bool = False) -> float:
    """Return about how high a paragraph is."""
    width = LANDSCAPE_WIDTH if landscape else TEXT_WIDTH
    return ceil(letters_width(text) * BODY / width) * BODY * LINE + BODY


def _lines(row: Sequence[Cell], layout: TableLayout) -> int:
    rooms = [(width - GAP) / layout.size for width in layout.widths]
    return max(ceil(letters_width(plain(cell.body)) / room - 0.01) or 1 for cell, room in zip(row, rooms, strict=True))


def lay_out_figure(drawing: str) -> FigureLayout:
    """Return scale and parts of a drawing (SVG): whole where it fits a page, else cut between lines of its text."""
    width, height = extent(drawing)
    scale = min(TEXT_WIDTH / width, 1.0)
    room = TEXT_HEIGHT - AROUND
    if height * scale <= room or height * scale * SMALLEST <= room:
        return FigureLayout(width, height, min(scale, room / height), (Part(0.0, height),))
    count = ceil(height * scale / room)
    lines = sorted({float(y) for y in BASELINE.findall(drawing)})
    # Between two lines, and as much above the baseline as lower-case letters are high.
    gaps = [(above + below) / 2 - 3 for above, below in pairwise(lines) if below - above > 8]
    cuts = [0.0, *(_nearest(gaps, height * number / count) for number in range(1, count)), height]
    return FigureLayout(width, height, scale, tuple(Part(*pair) for pair in pairwise(cuts)))


def extent(drawing: str) -> tuple[float, float]:
    """Return width and height of an SVG drawing in points."""
    match = EXTENT.search(drawing)
    if match is None:
        return (TEXT_WIDTH, TEXT_WIDTH)
    return (float(match[1] or match[4]), float(match[2] or match[3]))


def _nearest(places: Sequence[float], wanted: float) -> float:
    return min(places, key=lambda place: abs(place - wanted), default=wanted)
