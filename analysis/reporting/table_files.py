"""Tables of a page as files: CSV with the numbers as stored, and a workbook that shows them as the page does.

A column that holds an interval becomes two, so that every number has a cell of its own. Text is text: a spreadsheet
that opens these files runs nothing, whatever the data hold.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO, StringIO
from typing import Any, Final
from zipfile import ZipFile

from analysis.datasets.cells import parse_untyped, starts_formula
from analysis.formatting import MINUS, MISSING
from analysis.reporting.display import FIRST_LINE
from analysis.reporting.document import Cell, Table, plain
from analysis.reporting.word_package import zipped

type Value = str | float | int | bool | None
# What a page's number says where it stands (`table.csv:line:column`) -> what stands there.
type Stored = Mapping[str, Value]

LIMITS: Final = ("lower", "upper")
SHOWN: Final = re.compile(rf"([{MINUS}-]?)(\d[\d,]*)?(?:\.(\d+))?(%?)")
INTERVAL: Final = re.compile(r"\[(.*), (.*)\]")
# Letters that the name of a sheet may not have, and how long it may be.
FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\']")
SHEET_NAME: Final = 31
# Excel's own limit for the text of a cell.
CELL_LENGTH: Final = 32_767
WIDEST: Final = 60
# Below number, title and heads.
FIRST_ROW: Final = 5
MODIFIED: Final = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Datum:
    """One cell of a file: as the page shows it, and as stored where it is a number."""

    shown: str
    value: Value


def sources_of(tables: Sequence[Table]) -> list[str]:
    """Return where the numbers of tables stand, each place once."""
    cells = (cell for table in tables for row in table.rows for cell in row)
    return list(dict.fromkeys(source for cell in cells for source in cell.sources))


def read_stored(sources: Sequence[str], texts: Mapping[str, str]) -> dict[str, Value]:
    """Return what stands at each place, with every digit; `texts` are CSV files by the name that the places use."""
    files = {name: list(csv.DictReader(StringIO(text))) for name, text in texts.items()}
    stored = {}
    for source in sources:
        file, line, column = source.split(":", 2)
        stored[source] = parse_untyped(files[file][int(line) - FIRST_LINE][column])
    return stored


def header(table: Table) -> list[str]:
    """Return the names of the columns of a table's files."""
    parts = _parts(table)
    return [
        f"{plain(head.body)}, {limit}" if limit else plain(head.body)
        for head, count in zip(table.heads, parts, strict=True)
        for limit in (LIMITS if count == len(LIMITS) else ("",))
    ]


def rows(table: Table, stored: Stored) -> Iterator[list[Datum]]:
    """Yield the cells of each row of a table's files."""
    parts = _parts(table)
    for row in table.rows:
        yield [datum for cell, count in zip(row, parts, strict=True) for datum in _data(cell, count, stored)]


def to_csv(table: Table, stored: Stored) -> str:
    """Return a table as CSV: numbers as they are stored, empty where the page shows that there is none."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([guarded(name) for name in header(table)])
    for row in rows(table, stored):
        writer.writerow([_written(datum) for datum in row])
    return stream.getvalue()


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if starts_formula(text) else text


def to_workbook(title: str, tables: Sequence[Table], stored: Stored, *, timestamp: int) -> bytes:
    """Return all tables as one XLSX file, a sheet for each; equal inputs give equal bytes."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for table, name in zip(tables, sheet_names(tables), strict=True):
        _fill(book.create_sheet(name), table, stored)
    if not tables:
        book.create_sheet("No tables")
    made = datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
    book.properties.title, book.properties.creator = CONTROL.sub("", title), ""
    book.properties.created = book.properties.modified = made
    stream = BytesIO()
    book.save(stream)
    return _dated(stream.getvalue(), made)


def sheet_names(tables: Sequence[Table]) -> list[str]:
    """Return a name for each sheet: allowed, and no two the same."""
    # Numbers of tables differ, and stand first.
    return [FORBIDDEN.sub(" ", f"{one.number} {one.name.replace('_', ' ')}")[:SHEET_NAME].strip() for one in tables]


def number_format(shown: str, value: float) -> str:
    """Return a spreadsheet's format that shows exactly this for a number.

    Where the page shows words for it (`< .001`), so does the format; the number below stays what it is.
    """
    match = SHOWN.fullmatch(shown)
    if match is None or not (match[2] or match[3]):
        return _quoted(shown)
    sign, whole, decimals, percent = match[1], match[2] or "", match[3] or "", match[4]
    wanted = Decimal(f"{'-' if sign else ''}{whole.replace(',', '') or '0'}.{decimals or '0'}")
    form = ("#,##0" if "," in whole else "0" if whole else "") + (f".{'0' * len(decimals)}" if decimals else "")
    # A per cent sign in a format multiplies by a hundred, unless it is quoted.
    for factor, end in ((1.0, '"%"'), (100.0, "%")) if percent else ((1.0, ""),):
        if _as_spreadsheet(value * factor, len(decimals)) == wanted:
            return _signed(form + end)
    return _quoted(shown)


def _as_spreadsheet(value: float, digits: int) -> Decimal:
    """Round as spreadsheets do: fifteen digits first, then halves away from zero."""
    return Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _signed(form: str) -> str:
    """Show negative numbers with a minus, not a hyphen."""
    return f'{form};"{MINUS}"{form};{form}'


def _quoted(text: str) -> str:
    words = text.replace('"', "")
    return f'"{words}";"{words}";"{words}"'


def _parts(table: Table) -> list[int]:
    """Return how many numbers the cells of each column hold."""
    return [max((len(row[at].sources) for row in table.rows), default=0) or 1 for at in range(len(table.heads))]


def _data(cell: Cell, count: int, stored: Stored) -> Iterator[Datum]:
    text = plain(cell.body).replace("\u00a0", " ").strip()
    shown = [text] * count
    if count > 1 and (match := INTERVAL.fullmatch(text)):
        shown = [match[1], match[2]]
    for at in range(count):
        if cell.numeric and text == MISSING:
            yield Datum("", None)
        elif at < len(cell.sources):
            yield Datum(shown[at], stored[cell.sources[at]])
        else:
            yield Datum(shown[at] if at == 0 else "", None)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(datum: Datum) -> str:
    if not _is_number(datum.value):
        return guarded(datum.shown)
    value = datum.value
    return (
        str(int(value)) if isinstance(value, float) and value.is_integer() and "." not in datum.shown else repr(value)
    )


def _fill(sheet: Any, table: Table, stored: Stored) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    names, lines = header(table), list(rows(table, stored))
    _say(sheet.cell(1, 1), f"Table {table.number}").font = Font(bold=True)
    _say(sheet.cell(2, 1), plain(table.title)).font = Font(italic=True)
    line = Side(style="thin")
    for at, name in enumerate(names, start=1):
        cell = _say(sheet.cell(FIRST_ROW - 1, at), name)
        cell.font, cell.border = Font(bold=True), Border(top=line, bottom=line)
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    for number, row in enumerate(lines, start=FIRST_ROW):
        for at, datum in enumerate(row, start=1):
            _put(sheet.cell(number, at), datum)
    if table.note:
        _say(sheet.cell(FIRST_ROW + len(lines) + 1, 1), f"Note. {plain(table.note)}")
    sheet.freeze_panes = sheet.cell(FIRST_ROW, 2)
    for at, name in enumerate(names):
        longest = max([max(map(len, name.split())) if name else 1, *(len(row[at].shown) for row in lines)])
        sheet.column_dimensions[_letter(at)].width = min(longest + 2, WIDEST)


def _put(cell: Any, datum: Datum) -> None:
    from openpyxl.styles import Alignment

    if not _is_number(datum.value):
        _say(cell, datum.shown)
        return
    cell.value, cell.number_format = datum.value, number_format(datum.shown, float(str(datum.value)))
    cell.alignment = Alignment(horizontal="right")


def _say(cell: Any, text: str) -> Any:
    """Put text into a cell as text, whatever it begins with."""
    cell.value = CONTROL.sub("", text)[:CELL_LENGTH]
    cell.data_type = "s"
    return cell


def _letter(at: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(at + 1))


def _dated(book: bytes, made: datetime) -> bytes:
    """Return a workbook whose parts all have one date: openpyxl writes the time of the day."""
    with ZipFile(BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    parts["docProps/core.xml"] = MODIFIED.sub(lambda match: match[1] + stamp + match[2], parts["docProps/core.xml"])
    return zipped(parts)
