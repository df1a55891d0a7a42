"""From a table's columns to the few numbers a measure is computed from, row by row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ConfigError, DataError
from analysis.results import Array, IntArray
from analysis.vocabulary import MEASURE_INPUTS

# For each set of columns (in its order), the arrays that the measure's formula takes.
type Recipes = Mapping[tuple[str, ...], Callable[..., tuple[Array, ...]]]


def check_measure(measure: str) -> None:
    """Raise ConfigError unless `measure` is one of MEASURE_INPUTS."""
    if measure not in MEASURE_INPUTS:
        raise ConfigError(f"measure is {measure}; it must be one of {', '.join(MEASURE_INPUTS)}.")


def columns_of(measure: str) -> tuple[str, ...]:
    """Every column the measure can make use of, without repeats, in the order of its sets."""
    return tuple(dict.fromkeys(name for names in MEASURE_INPUTS[measure] for name in names))


def read_numbers(measure: str, columns: Mapping[str, ArrayLike]) -> tuple[dict[str, Array], dict[str, list[int]]]:
    """The columns of the measure as floats of one shape (missing is NaN), and the flat positions that hold no number.

    Raises
    ------
    DataError
        If no set of columns is complete, or the columns cannot be broadcast together.
    """
    check_measure(measure)
    present = [name for name in columns_of(measure) if name in columns]
    if not any(set(names) <= set(present) for names in MEASURE_INPUTS[measure]):
        wanted = "; or ".join(", ".join(names) for names in MEASURE_INPUTS[measure])
        raise DataError(f"{measure} needs the columns {wanted}. Found: {', '.join(present) or 'none of them'}.")
    arrays, words = {}, {}
    for name in present:
        arrays[name], words[name] = _to_floats(columns[name])
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        sizes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise DataError(f"The columns of {measure} differ in length: {sizes}. Give one value per row.") from None
    return {name: np.broadcast_to(array, shape) for name, array in arrays.items()}, words


def _to_floats(column: ArrayLike) -> tuple[Array, list[int]]:
    """A column as floats, at least one-dimensional, and the positions of what is not a number (left as NaN)."""
    try:
        return np.atleast_1d(np.asarray(column, dtype=np.float64)), []
    except (TypeError, ValueError):
        cells = np.atleast_1d(np.asarray(column, dtype=object))
    numbers, words = np.full(cells.size, np.nan), []
    for i, cell in enumerate(cells.flat):
        try:
            numbers[i] = np.nan if cell is None else float(cell)
        except (TypeError, ValueError):
            words.append(i)
    return numbers.reshape(cells.shape), words


def first_complete_set(measure: str, values: Mapping[str, Array]) -> IntArray:
    """For every row the position of the first set of columns it fills, -1 for none."""
    sets = MEASURE_INPUTS[measure]
    choice: IntArray = np.full(next(iter(values.values())).shape, -1)
    for i in reversed(range(len(sets))):
        if all(name in values for name in sets[i]):
            missing: Any = np.logical_or.reduce([np.isnan(values[name]) for name in sets[i]])
            choice[~missing] = i
    return choice


def canonical_inputs(measure: str, values: Mapping[str, Array], recipes: Recipes) -> tuple[Array, ...]:
    """Arrays for the measure's formula, each row by the recipe of its first complete set.

    A row without a complete set goes by the first set the table has columns for, and keeps what little that gives: with
    `vtype="AV"` its risk in one group still counts in the mean risk, as in metafor.
    """
    sets = MEASURE_INPUTS[measure]
    choice = first_complete_set(measure, values)
    fallback = next(i for i, names in enumerate(sets) if all(name in values for name in names))
    choice = np.where(choice < 0, fallback, choice)
    parts = {
        i: recipes[sets[i]](*(values[name][choice == i] for name in sets[i]))
        for i in np.unique([*choice.flat, fallback])
    }
    filled = tuple(np.full(choice.shape, np.nan) for _ in parts[fallback])
    for i, made in parts.items():
        for whole, part in zip(filled, made, strict=True):
            whole[choice == i] = part
    return filled


def as_given(*arrays: Array) -> tuple[Array, ...]:
    """The recipe of columns that already are what the formula takes."""
    return arrays


def weighted_mean(values: Array, weights: Array) -> Array:
    """Mean over the rows (last axis, kept) that have both a value and a weight; NaN without any."""
    use = ~(np.isnan(values) | np.isnan(weights))
    total = np.sum(np.where(use, weights, 0.0), axis=-1, keepdims=True)
    mean: Array = np.sum(np.where(use, values * weights, 0.0), axis=-1, keepdims=True) / np.where(
        total > 0, total, np.nan
    )
    return mean


def check_vtype(measure: str, vtype: str, offered: Sequence[str]) -> None:
    """Raise ConfigError unless the measure has this kind of sampling variance."""
    if vtype not in offered:
        raise ConfigError(f"vtype is {vtype}; for {measure} it must be one of {', '.join(offered)}.")
