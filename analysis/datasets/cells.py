"""One cell: text to value and back, exactly.

A spreadsheet runs a cell that starts with = + - @ (in their wide East Asian forms too, or after blanks) as a formula.
Text of that kind is written with a leading apostrophe, which is taken off again on reading. In columns without a
declared type the same mark keeps text that looks like a number or a truth value apart from one: what was written is
what is read.
"""

import math
import re
from collections.abc import Mapping

from analysis.datasets.columns import Column, did_you_mean

type Cell = str | int | float | bool | None
type Record = dict[str, Cell]
type Records = list[Record]

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NOT_A_NUMBER = frozenset(
    {"nan", "na", "n/a", "inf", "-inf", "+inf", "infinity", "-infinity", "null", "none", "-", ".", "?"}
)
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}
# Beyond 2**53 a float no longer tells neighbouring whole numbers apart.
_LARGEST_INTEGER_DIGITS = 15


class CellError(Exception):
    """A cell that cannot be read: what it is, what to do; the caller knows where."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def show_cell(value: Cell, *, typed: bool) -> str:
    """Return a value as the text of a CSV cell; `typed` when the reader will know the column's type.

    Raises
    ------
    CellError
        For a number that is not finite; an absent number is None.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if _is_guarded(value, typed) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise CellError(f"the number is {float(value)}.", "Write None where there is no number.")
    # numpy's repr would write np.float64(0.1).
    return float.__repr__(float(value))


def parse_untyped(text: str) -> Cell:
    """Return the value `show_cell` was given, for a column whose type nobody declared."""
    if text == "":
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else unguard(text, typed=False)


def unguard(text: str, *, typed: bool) -> str:
    """Take off the apostrophe that `show_cell` put before text."""
    return text[1:] if text.startswith("'") and _is_guarded(text[1:], typed) else text


def starts_formula(text: str) -> bool:
    """Say whether a spreadsheet may take text for a formula."""
    return text.lstrip(" ").startswith(_FORMULA_START)


def _is_guarded(text: str, typed: bool) -> bool:
    bare = text.lstrip("'")
    looks_like_a_value = bare in _TRUTHS or _NUMBER.fullmatch(bare) is not None
    return starts_formula(bare) or (not typed and looks_like_a_value)


def parse_cell(text: str, column: Column) -> Cell:
    """Return the value of a cell of a declared column.

    Raises
    ------
    CellError
        When it is empty where it may not be, not of the type, out of range, or not one of the levels.
    """
    if text == "":
        if column.missing:
            return None
        raise CellError(f"{column.name} is empty.", f"Fill it in{_allow_missing(column)}.")
    if column.type == "string":
        value = unguard(text, typed=True)
        _require_level(value, column)
        return value
    if column.type == "boolean":
        if text not in _TRUTHS:
            raise CellError(f'{column.name} is "{text}".', "Write true or false.")
        return _TRUTHS[text]
    number = _parse_number(text, column)
    _require_level(f"{number:g}", column)
    _require_range(number, column)
    return number


def _allow_missing(column: Column) -> str:
    return (
        f", or say missing: true for {column.name} in dataset.yaml" if column.description and not column.levels else ""
    )


def _parse_number(text: str, column: Column) -> float:
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        raise CellError(f'{column.name} is "{text}", which is not a number.', _number_remedy(stripped))
    number = float(stripped)
    if not math.isfinite(number):
        raise CellError(f"{column.name} is {text}, which is too large for a number.", "Check the exponent.")
    if column.type == "number":
        return number
    if not number.is_integer() or abs(number) >= 10**_LARGEST_INTEGER_DIGITS:
        raise CellError(f"{column.name} is {text}, which is not a whole number.", "Write a whole number.")
    return int(number)


def _number_remedy(text: str) -> str:
    if _DECIMAL_COMMA.fullmatch(text):
        return f"Write it with a decimal point: {text.replace(',', '.')}."
    if text.lower() in _NOT_A_NUMBER:
        return "Leave the cell empty where there is no number."
    if text[:1] in "\u2212\u2013\u2014":
        return f"Write the minus as a hyphen: -{text[1:]}."
    return "Write a number such as 0.25, without units or signs of comparison."


def _require_level(value: str, column: Column) -> None:
    if column.levels and value not in column.levels:
        shown = value if len(value) <= 60 else f"{value[:57]}..."
        raise CellError(
            f'{column.name} is "{shown}", which is not one of its levels.',
            f"{did_you_mean(value, column.levels)}Allowed: {', '.join(column.levels)}.",
        )


def _require_range(number: float, column: Column) -> None:
    if column.minimum is not None and number < column.minimum:
        raise CellError(
            f"{column.name} is {number:g}.", f"It cannot be below {column.minimum:g}; check it in the paper."
        )
    if column.maximum is not None and number > column.maximum:
        raise CellError(
            f"{column.name} is {number:g}.", f"It cannot be above {column.maximum:g}; check it in the paper."
        )
    if column.above is not None and number <= column.above:
        raise CellError(f"{column.name} is {number:g}.", f"It must be above {column.above:g}; check it in the paper.")
