"""Bytes to text to rows of cells, each with the line of the file it starts on."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.errors import DataError, Problem

_FOREIGN_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The header of a CSV file and its rows, each with the physical line it starts on."""

    where: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def decode(data: bytes, where: str) -> str:
    """Return UTF-8 text, with or without a byte order mark; DataError for any other encoding."""
    for mark, encoding in _FOREIGN_MARKS.items():
        if data.startswith(mark):
            raise DataError(
                Problem(where, f"the file is {encoding}.", 'Save it as UTF-8 ("CSV UTF-8" in a spreadsheet).')
            )
    try:
        return data.removeprefix(_UTF8_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"the byte 0x{data[error.start]:02x} is not UTF-8 text."
        raise DataError(
            Problem(f"{where}:{line}", what, 'Save the file as UTF-8 ("CSV UTF-8" in a spreadsheet).')
        ) from None


def split_sheet(text: str, where: str) -> tuple[Sheet | None, list[Problem]]:
    """Return the rows of a CSV file that can be read, and what is wrong with the others.

    Rows with too few or too many cells are reported and left out; None stands for a file without a usable header.
    """
    if not text.strip():
        return None, [Problem(where, "the file is empty.", "Write a header with the names of the columns.")]
    delimiter = _foreign_delimiter(text)
    if delimiter:
        remedy = "Save the file with commas between the columns and a point in decimals."
        return None, [Problem(f"{where}:1", f"the columns are separated by {delimiter}.", remedy)]
    lines, problems = _read_lines(text, where)
    if not lines:
        return None, problems
    (first, header), *rows = lines
    problems = [*_header_problems(header, f"{where}:{first}"), *problems]
    width = len(header)
    problems += [_ragged(f"{where}:{line}", cells, width) for line, cells in rows if len(cells) != width]
    kept = tuple((line, cells) for line, cells in rows if len(cells) == width)
    return Sheet(where=where, header=header, rows=kept), problems


def _foreign_delimiter(text: str) -> str | None:
    header = text.lstrip("\r\n").splitlines()[0]
    if "," in header:
        return None
    return "semicolons" if ";" in header else "tabs" if "\t" in header else None


def _read_lines(text: str, where: str) -> tuple[list[tuple[int, tuple[str, ...]]], list[Problem]]:
    lines: list[tuple[int, tuple[str, ...]]] = []
    # A quoted cell may span lines, so a row starts one line after the previous one ended.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            if cells and cells != [""]:
                lines.append((start, tuple(cells)))
            start = reader.line_num + 1
    except csv.Error as error:
        remedy = "Look for a quotation mark that is not closed; write a quotation mark inside a cell twice."
        return lines, [Problem(f"{where}:{start}", f"the row cannot be read ({error}).", remedy)]
    return lines, []


def _header_problems(header: tuple[str, ...], where: str) -> Iterator[Problem]:
    for name, times in Counter(header).items():
        if not name.strip():
            yield Problem(
                where, "a column has no name.", "Name every column, or remove the comma at the end of the line."
            )
        elif times > 1:
            yield Problem(where, f"the column {name} is there {times} times.", "Rename or remove all but one.")
        elif name != name.strip():
            yield Problem(where, f'the column "{name}" has a space around its name.', "Remove the space.")


def _ragged(where: str, cells: tuple[str, ...], width: int) -> Problem:
    remedy = (
        "Put cells that hold a comma in quotation marks, and write decimals with a point."
        if len(cells) > width
        else "Add the missing commas; an empty cell still needs one."
    )
    return Problem(where, f"the row has {len(cells)} cells, the header has {width}.", remedy)
