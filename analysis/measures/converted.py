"""What a conversion hands back, and how it refuses numbers that cannot be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ImpossibleValueError, Problem
from analysis.results import Array, BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Estimates, their sampling variances, and what they are: r, z, d, g, log_or, or, eta2 or t."""

    estimate: Array
    variance: Array
    kind: str


def as_numbers(*values: ArrayLike) -> tuple[Array, ...]:
    """The values as floats of one common shape."""
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def refuse_rows(broken: BoolArray, values: Array, name: str, bounds: str) -> None:
    """Raise for every row of `values` that is marked in `broken`."""
    rows = np.flatnonzero(broken)
    if rows.size:
        shown = np.ravel(values)
        raise ImpossibleValueError(
            [Problem(f"row {i + 1}", f"{name} is {shown[i]:.15g}; it must be {bounds}.", "Correct it.") for i in rows]
        )


def check_r(r: Array) -> None:
    """Refuse correlations that are not strictly between -1 and 1."""
    refuse_rows(np.abs(r) >= 1, r, "r", "inside (-1, 1)")


def check_df(df: Array) -> None:
    """Refuse degrees of freedom that are not above 0."""
    refuse_rows(df <= 0, df, "df", "above 0")


def variance_of_r(r: Array, n: Array) -> Array:
    """(1 - r^2)^2 / (n - 1) (Borenstein et al. 2009, eq. 6.1)."""
    refuse_rows(n <= 1, n, "n", "above 1")
    variance: Array = (1 - r**2) ** 2 / (n - 1)
    return variance
