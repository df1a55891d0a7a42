"""Records and results as a small table to look at; rounding as everywhere in `formatting`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from typing import Any, Final

import numpy as np

from analysis.errors import DataError
from analysis.formatting import MISSING, format_number, format_p

# The heading of the names in a mapping of results.
LABEL: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells as text, ready to show: `numeric` says which columns are set to the right."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""

    def __str__(self) -> str:
        """Lay the table out in plain text."""
        widths = [max(len(row[i]) for row in (self.names, *self.rows)) for i in range(len(self.names))]
        lines = []
        for row in (self.names, *self.rows):
            cells = zip(row, widths, self.numeric, strict=True)
            lines.append("  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells))
        return "\n".join([*([self.caption] if self.caption else []), *lines])

    def _repr_html_(self) -> str:
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        head = "".join(self._cell("th", name, i, ' scope="col"') for i, name in enumerate(self.names))
        body = "".join(
            f"<tr>{''.join(self._cell('td', cell, i) for i, cell in enumerate(row))}</tr>" for row in self.rows
        )
        return f'<table class="shown">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def _cell(self, tag: str, text: str, column: int, more: str = "") -> str:
        side = ' style="text-align: right"' if self.numeric[column] else ' style="text-align: left"'
        return f"<{tag}{more}{side}>{escape(text)}</{tag}>"


def show(found: Any, names: str = "", *, digits: int = 3, first: int | None = None, caption: str = "") -> Table:
    """Lay out records or results.

    Parameters
    ----------
    found : records, a result, a sequence of results, or a mapping of names to results
        A result is a dataclass, a named tuple or a mapping of columns to values. A mapping of names to results gets
        one row each, with its name in front.
    names : str
        The columns to show, separated by spaces; all of the first row by default.
    digits : int
        Decimals of numbers that are not whole.
    first : int, optional
        Show this many rows and say in the caption how many there are.
    caption : str

    Raises
    ------
    DataError
        When there is nothing to show, or no such column.
    """
    records = _records(found)
    if not records:
        raise DataError("there is no row to show.")
    chosen = tuple(names.split()) or tuple(records[0])
    if LABEL in records[0] and LABEL not in chosen:
        chosen = (LABEL, *chosen)
    unknown = [name for name in chosen if name not in records[0]]
    if unknown:
        raise DataError(f"there is no column {unknown[0]}. Choose one of {', '.join(filter(None, records[0]))}.")
    kept = records if first is None else records[:first]
    if len(kept) < len(records):
        caption = f"{caption} ({len(kept)} of {len(records)} rows)".strip()
    return Table(
        names=chosen,
        rows=tuple(tuple(_text(record.get(name), name, digits) for name in chosen) for record in kept),
        numeric=tuple(all(_is_number(record.get(name)) for record in kept) for name in chosen),
        caption=caption,
    )


def _records(found: Any) -> list[Mapping[str, Any]]:
    if is_dataclass(found) or hasattr(found, "_asdict"):
        return [_record(found)]
    if isinstance(found, Mapping):
        nested = found and all(isinstance(value, Mapping) or _is_result(value) for value in found.values())
        return [{LABEL: name, **_record(value)} for name, value in found.items()] if nested else [found]
    return [_record(one) for one in found]


def _is_result(value: Any) -> bool:
    return is_dataclass(value) or hasattr(value, "_asdict")


def _record(one: Any) -> Mapping[str, Any]:
    if isinstance(one, Mapping):
        return one
    if hasattr(one, "_asdict"):
        named: Mapping[str, Any] = one._asdict()
        return named
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    return (
        not isinstance(value, str | bool) and np.ndim(value) <= 1 and np.issubdtype(np.asarray(value).dtype, np.number)
    )


def _text(value: Any, name: str, digits: int) -> str:
    if value is None:
        return MISSING
    if isinstance(value, str | bool | np.bool_):
        return str(value)
    if np.ndim(value) > 0 or isinstance(value, Sequence):
        return ", ".join(_text(part, name, digits) for part in value)
    if name.endswith("pval"):
        return format_p(float(value))
    number = float(value) if np.isscalar(value) or np.ndim(value) == 0 else value
    if isinstance(value, int | np.integer) or (isinstance(number, float) and number.is_integer() and abs(number) >= 1):
        return format_number(number, 0)
    return format_number(number, digits)
