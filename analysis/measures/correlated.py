"""How correlated the sampling errors of two effects of one cluster are, from what the two have in common."""

from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError, ModelError
from analysis.results import Array, BoolArray, IntArray

type Label = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCorrelations:
    """Correlations between the levels of a variable: `matrix` (m, m) in the order of `levels`."""

    levels: tuple[Label, ...]
    matrix: Array


type Rho = float | NamedCorrelations


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """Which groups an effect compares, when they were measured and how large they are; every array is (..., n).

    Groups are codes with one meaning in `grp1` and `grp2`; times are numbers in the unit of `phi`; weights are group
    sizes, or anything in proportion.
    """

    grp1: IntArray
    grp2: IntArray
    time1: Array
    time2: Array
    w1: Array
    w2: Array
    phi: float

    def take(self, rows: IntArray) -> "Comparisons":
        """Those of some effects, of the shape of `rows`."""
        return Comparisons(
            grp1=self.grp1[rows],
            grp2=self.grp2[rows],
            time1=self.time1[rows],
            time2=self.time2[rows],
            w1=self.w1[rows],
            w2=self.w2[rows],
            phi=self.phi,
        )


def correlate_comparisons(given: Comparisons) -> Array:
    """Correlation of effects that share a group, (..., n, n).

    An effect is taken as the difference of the means of two groups, each with variance 1 / w; means of one group at two
    times correlate by `phi` to the power of the time between them, means of two groups do not (Gleser & Olkin 2009, in
    Cooper, Hedges & Valentine, The handbook of research synthesis and meta-analysis, ch. 19; the general form is the
    one that metafor documents for `vcalc`). Not a number for an effect that compares a group with itself.
    """
    sides = ((given.grp1, given.time1, given.w1, 1.0), (given.grp2, given.time2, given.w2, -1.0))
    total = np.zeros((*given.grp1.shape, given.grp1.shape[-1]))
    for grp, time, w, sign in sides:
        for other_grp, other_time, other_w, other_sign in sides:
            gap = np.abs(time[..., :, None] - other_time[..., None, :])
            alike = (grp[..., :, None] == other_grp[..., None, :]) * np.power(given.phi, gap)
            total += sign * other_sign * alike / np.sqrt(w[..., :, None] * other_w[..., None, :])
    variance = np.diagonal(total, axis1=-2, axis2=-1).copy()
    variance[variance <= np.finfo(float).eps] = np.nan
    correlation: Array = total / np.sqrt(variance[..., :, None] * variance[..., None, :])
    return correlation


def correlate_measures(obs: IntArray, types: IntArray, by_obs: Array, by_type: Array) -> Array:
    """Correlation by observation and type of measure, (..., n, n).

    Effects of different types correlate as `by_type` says, of one type but different observations as `by_obs`, and of
    one type and observation perfectly.

    Parameters
    ----------
    obs, types : (..., n)
        Positions in the tables.
    by_obs, by_type : (m, m), (l, l)
    """
    same_obs, same_type = _same(obs), _same(types)
    within = np.where(same_obs, 1.0, by_obs[obs[..., :, None], obs[..., None, :]])
    return np.where(same_type, within, by_type[types[..., :, None], types[..., None, :]])


def _same(codes: IntArray) -> BoolArray:
    same: BoolArray = codes[..., :, None] == codes[..., None, :]
    return same


def correlation_table(rho: Rho, levels: list[Label], name: str) -> Array:
    """Correlations between `levels` of the variable `name`, (m, m), from one number or a table.

    Raises
    ------
    DataError
        A level without a row.
    ModelError
        A correlation beyond -1 or 1, or a table that is not square and symmetric.
    """
    if not isinstance(rho, NamedCorrelations):
        table = np.full((len(levels), len(levels)), float(rho))
    else:
        matrix = np.asarray(rho.matrix, dtype=float)
        if matrix.shape != (len(rho.levels),) * 2 or not np.allclose(matrix, matrix.T, equal_nan=True):
            raise ModelError(f"rho of {name}: the table is not square and symmetric. Give one row per level.")
        absent = [str(level) for level in levels if level not in rho.levels]
        if absent:
            raise DataError(f"rho of {name}: no correlations for {', '.join(absent)}. Give a row for every level.")
        rows = [rho.levels.index(level) for level in levels]
        table = matrix[np.ix_(rows, rows)]
    if not (np.abs(table) <= 1.0).all():
        raise ModelError(f"rho of {name}: a correlation lies between -1 and 1. Correct it.")
    return table
