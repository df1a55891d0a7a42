"""The cells of a table against its columns: every problem of every row, and the rows that can be used."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.datasets.cells import CellError, Record, parse_cell
from analysis.datasets.columns import Column, did_you_mean
from analysis.datasets.sheet import Sheet
from analysis.errors import Problem

# Nothing a reader would type; a terminal or a spreadsheet may act on it.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_header(
    sheet: Sheet, columns: Mapping[str, Column], required: Iterable[str], *, remedy: str
) -> Iterator[Problem]:
    """Yield missing columns and columns nobody described."""
    where = f"{sheet.where}:1"
    unknown = [name for name in sheet.header if name.strip() and name not in columns]
    for name in required:
        if name not in sheet.header:
            yield Problem(
                where, f"the column {name} is missing.", f"{did_you_mean(name, unknown)}Add the column {name}."
            )
    for name in unknown:
        guess = did_you_mean(name, (known for known in columns if known not in sheet.header))
        yield Problem(where, f"the column {name} is not described.", f"{guess}{remedy}")


def read_rows(sheet: Sheet, columns: Mapping[str, Column]) -> tuple[list[Record], list[Problem], set[tuple[int, str]]]:
    """Return typed records, problems, and the (row, column) pairs that are faulty and None in the records.

    Every record has the key `row`, the line of the file it starts on.
    """
    records: list[Record] = []
    problems: list[Problem] = []
    faulty: set[tuple[int, str]] = set()
    for line, cells in sheet.rows:
        record: Record = {"row": line}
        for name, text in zip(sheet.header, cells, strict=True):
            try:
                record[name] = _read_cell(text, columns.get(name) or Column(name=name, type="string", missing=True))
            except CellError as error:
                record[name] = None
                faulty.add((line, name))
                problems.append(Problem(f"{sheet.where}:{line}", error.what, error.remedy))
        records.append(record)
    return records, problems, faulty


def _read_cell(text: str, column: Column) -> str | int | float | bool | None:
    if column.type == "string":
        if _CONTROL.search(text):
            raise CellError(f"{column.name} holds a control character.", "Type the cell again.")
        if text != text.strip():
            raise CellError(f'{column.name} is "{text[:60]}", with a space at its start or end.', "Remove the space.")
    return parse_cell(text, column)


def check_unique(records: Sequence[Record], column: str, where: str) -> Iterator[Problem]:
    """Yield rows that repeat an identifier."""
    first: dict[object, object] = {}
    for record in records:
        value = record.get(column)
        if value is None:
            continue
        if value in first:
            what = f"{column} {value} is already used in line {first[value]}."
            yield Problem(f"{where}:{record['row']}", what, "Give every row its own, or remove the duplicate row.")
        else:
            first[value] = record["row"]
