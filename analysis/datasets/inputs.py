"""Which statistics of a row a measure is computed from: the first set of columns that the row fills."""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.datasets.cells import Cell
from analysis.results import Array
from analysis.vocabulary import MEASURE_INPUTS


def choose_inputs(record: Mapping[str, Cell], measure: str) -> tuple[str, ...] | None:
    """Return the first set of input columns of the measure that the record fills, or None."""
    sets = MEASURE_INPUTS[measure]
    return next((names for names in sets if all(record.get(name) is not None for name in names)), None)


def input_columns(measure: str) -> tuple[str, ...]:
    """Return every column the measure can be computed from, once."""
    return tuple(dict.fromkeys(name for names in MEASURE_INPUTS[measure] for name in names))


def take_inputs(records: Sequence[Mapping[str, Cell]], measure: str) -> dict[str, Array]:
    """Return the input columns of the measure that the records have, `(k,)` each, NaN for an empty cell."""
    names = [name for name in input_columns(measure) if any(name in record for record in records)]
    return {name: np.array([_number(record.get(name)) for record in records], dtype=float) for name in names}


def _number(value: Cell) -> float:
    return float("nan") if value is None else float(value)


def describe_inputs(measure: str) -> str:
    """Return the sets of columns a measure can be computed from, in words."""
    return " or ".join(", ".join(names) for names in MEASURE_INPUTS[measure])


def sample_size(record: Mapping[str, Cell], names: Sequence[str]) -> float | None:
    """Return the people behind an effect: `ni`, else the arms or cells the measure was computed from, else None."""
    if record.get("ni") is not None:
        return _number(record["ni"])
    parts = [name for name in ("n1i", "n2i") if name in names] or [
        name for name in ("ai", "bi", "ci", "di") if name in names
    ]
    return sum(_number(record[name]) for name in parts) if len(parts) > 1 else None
