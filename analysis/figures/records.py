"""Cells of results tables, read with their types narrowed."""

from collections.abc import Mapping, Sequence

type Record = Mapping[str, str | int | float | bool | None]
type Records = Sequence[Record]


def number(record: Record, column: str) -> float:
    """Return a cell as a float, nan where it is empty."""
    value = record[column]
    return float("nan") if value is None else float(value)


def numbers(records: Records, column: str) -> list[float]:
    """Return a column as floats, nan where a cell is empty."""
    return [number(record, column) for record in records]


def word(record: Record, column: str) -> str:
    """Return a cell as text, empty where it is empty."""
    value = record[column]
    return "" if value is None else str(value)


def pick_interval(records: Records, prediction: str) -> Record:
    """Return the row of one kind of prediction interval, or the first row where the model has no such interval."""
    return next((record for record in records if record["interval"] == prediction), records[0])
