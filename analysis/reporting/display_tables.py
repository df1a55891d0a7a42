"""Tables of a page: which columns of which records, under which heading (the words are in `templates/tables.yaml`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from analysis.formatting import MISSING
from analysis.reporting.display import Row, Shown, Value, locate_in_words


@dataclass(frozen=True, slots=True)
class Header:
    """Heading of a column; `numeric` columns are set flush right."""

    label: Markup
    numeric: bool


@dataclass(frozen=True, slots=True)
class DisplayCell:
    """One cell: what it shows, whether it heads its row; for numbers where they stand, and the first as stored."""

    text: str | Markup
    heads_row: bool
    numeric: bool
    source: str
    title: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class DisplayTable:
    """One table of the page."""

    name: str
    caption: Markup
    note: Markup
    headers: tuple[Header, ...]
    rows: tuple[tuple[DisplayCell, ...], ...]
    section: str


def build_display_table(
    name: str, rows: Sequence[Row], words: Mapping[str, Any], fill: Mapping[str, str]
) -> DisplayTable:
    """Lay out one table; columns in which nothing stands are left away.

    Parameters
    ----------
    name : name of the table's CSV file.
    rows : its rows, shown.
    words : its entry in `templates/tables.yaml`: `caption`, `note` and `columns` of `label` and `show`, where `show` is
        one column, or two that make an interval.
    fill : what stands in words in place of `{level}` (of the intervals, per cent), `{shown}` and `{unit}` (the scale a
        reader sees, and that of the analysis).
    """
    columns = [column for column in words["columns"] if not all(_cells(row, column)[0].missing for row in rows)]
    return DisplayTable(
        name=name,
        caption=_worded(words["caption"], fill),
        note=_worded(words.get("note", ""), fill),
        headers=tuple(Header(_worded(column["label"], fill), _is_numeric(rows, column)) for column in columns),
        rows=tuple(
            tuple(
                _display(row, column, heads_row=index == 0, numeric=_is_numeric(rows, column))
                for index, column in enumerate(columns)
            )
            for row in rows
        ),
        section=words.get("section", "tables"),
    )


def _worded(text: str, fill: Mapping[str, str]) -> Markup:
    # The words of tables.yaml are ours, and those put in are ours or a number: they may hold <i> and <sub>.
    worded = " ".join(text.split())
    for name, value in fill.items():
        worded = worded.replace(f"{{{name}}}", value)
    return Markup(worded)


def _cells(row: Row, column: Mapping[str, Any]) -> list[Shown]:
    show = column["show"]
    return [row[name] for name in ([show] if isinstance(show, str) else show)]


def _text(cells: Sequence[Shown], column: Mapping[str, Any]) -> str | Markup:
    if len(cells) > 1:
        return f"[{', '.join(cell.cell for cell in cells)}]"
    words = column.get("words", {})
    value = cells[0].value
    return (
        Markup(words[value]) if isinstance(value, str) and value in words else cells[0].cell
    )  # ours, from tables.yaml


def _is_numeric(rows: Sequence[Row], column: Mapping[str, Any]) -> bool:
    return any(isinstance(cell.value, int | float) for row in rows for cell in _cells(row, column))


def _display(row: Row, column: Mapping[str, Any], *, heads_row: bool, numeric: bool) -> DisplayCell:
    cells = _cells(row, column)
    if all(cell.missing for cell in cells):
        return DisplayCell(MISSING, heads_row, numeric, "", "")
    text = _text(cells, column)
    if not numeric:
        return DisplayCell(text, heads_row, False, "", "")
    sources = [cell.source for cell in cells]
    return DisplayCell(text, heads_row, True, " ".join(sources), locate_in_words(*sources), cells[0].value)
