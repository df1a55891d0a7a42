"""Which statistics of a row a measure is computed from: the first set of columns that the row fills."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from analysis.datasets.cells import Cell
from analysis.results import Array
from analysis.vocabulary import MEASURE_INPUTS


def choose_inputs(record: Mapping[str, Cell], measure: str) -> tuple[str, ...] | None:
    """Return the first set of input columns of the measure that the record fills, or None."""
    sets = MEASURE_INPUTS[measure]
    return next((names for names in sets if all(record.get(name) is not None for name in names)), None)


def group_by_inputs(records: Sequence[Mapping[str, Cell]], measure: str) -> dict[tuple[str, ...], list[int]]:
    """Return the positions of the records that fill each set of input columns; the others appear nowhere."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, record in enumerate(records):
        names = choose_inputs(record, measure)
        if names is not None:
            groups.setdefault(names, []).append(index)
    return groups


def take_columns(
    records: Sequence[Mapping[str, Cell]], indices: Iterable[int], names: Iterable[str]
) -> dict[str, Array]:
    """Return columns of numbers, `(m,)` for m indices."""
    rows = list(indices)
    return {name: np.array([_number(records[row][name]) for row in rows], dtype=float) for name in names}


def _number(value: Cell) -> float:
    return float("nan") if value is None else float(value)


def describe_inputs(measure: str) -> str:
    """Return the sets of columns a measure can be computed from, in words."""
    return " or ".join(", ".join(names) for names in MEASURE_INPUTS[measure])


def sample_size(record: Mapping[str, Cell], names: Sequence[str]) -> float | None:
    """Return the people behind an effect: `ni`, else the arms or cells the measure was computed from, else None."""
    if record.get("ni") is not None:
        return _number(record["ni"])
    parts = [name for name in ("n1i", "n2i") if name in names] or [name for name in ("ai", "bi", "ci", "di") if name in names]
    return sum(_number(record[name]) for name in parts) if len(parts) > 1 else None
