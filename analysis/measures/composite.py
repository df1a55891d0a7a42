"""One effect per study from several correlated ones (Borenstein, Hedges, Higgins & Rothstein 2009, chapter 24)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ConfigError, DataError, ImpossibleValueError, Problem
from analysis.results import Array, IntArray


class Composite(NamedTuple):
    """Composites per study, in order of first appearance: effect, variance, row of the first effect, how many."""

    yi: Array
    vi: Array
    first_index: IntArray
    counts: IntArray


def composite(yi: ArrayLike, vi: ArrayLike, groups: ArrayLike, *, rho: ArrayLike, weighted: bool = False) -> Composite:
    """Average the effects of each study, given the correlation `rho` of their sampling errors.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure and their sampling variances; a missing one makes its composite missing.
    groups : (k,)
        The study of each effect, any labels; order and gaps do not matter.
    rho : float or (n_studies,)
        Correlation of any two sampling errors within a study; studies with one effect ignore it.
    weighted : bool
        False for the plain mean (eqs. 24.5 and 24.6); True for the generalised least squares mean, weights V^-1 1.

    Returns
    -------
    Composite
        `(n_studies,)` arrays, a named tuple `(yi, vi, first_index, counts)`.

    Raises
    ------
    ConfigError
        If `rho` is outside the range in which the errors of the largest study have a covariance matrix.
    ImpossibleValueError
        If a variance is 0 or negative.
    """
    y, v, inverse, first, counts = _grouped(yi, vi, groups)
    rho = _checked_rho(np.asarray(rho, dtype=np.float64), counts, weighted)
    average = _gls_mean if weighted else _plain_mean
    return Composite(*average(y, v, inverse, counts, rho), first, counts)


def _grouped(yi: ArrayLike, vi: ArrayLike, groups: ArrayLike) -> tuple[Array, Array, IntArray, IntArray, IntArray]:
    """Numbers, the group number of each row, and per group (by first appearance) its first row and its size."""
    y, v, labels = np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64), np.asarray(groups)
    if not (y.ndim == 1 and y.shape == v.shape == labels.shape):
        raise DataError(
            f"yi, vi and groups have shapes {y.shape}, {v.shape}, {labels.shape}; give one value per effect."
        )
    bad = np.flatnonzero(v <= 0)
    if bad.size:
        raise ImpossibleValueError(
            [Problem(f"row {i + 1}", f"vi is {v[i]:.15g}; a sampling variance is above 0.", "Correct it.") for i in bad]
        )
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    return y, v, np.argsort(order)[inverse], first[order], counts[order]


def _checked_rho(rho: Array, counts: IntArray, weighted: bool) -> Array:
    """`rho` per group, refused unless every group's errors have a covariance matrix (one to invert, for weights)."""
    if rho.ndim and rho.shape != counts.shape:
        raise ConfigError(f"rho has shape {rho.shape}; give one number, or one for each of the {counts.size} studies.")
    rho, several = np.broadcast_to(rho, counts.shape), counts > 1
    lowest = -1 / (np.maximum(counts, 2) - 1)
    # At rho = 1 the mean of the effects exists, the inverse of their covariance does not.
    valid = (rho > lowest) & ((rho < 1) if weighted else (rho <= 1))
    wrong = np.flatnonzero(several & ~valid)
    if wrong.size:
        worst = wrong[np.argmax(counts[wrong])]
        raise ConfigError(
            f"rho is {rho[worst]:.15g}; with {counts[worst]} effects in one study it must be above {lowest[worst]:.6g} "
            f"and {'below' if weighted else 'at most'} 1. Choose another rho."
        )
    return rho


def _plain_mean(y: Array, v: Array, inverse: IntArray, m: IntArray, rho: Array) -> tuple[Array, Array]:
    # Sum of all entries of V: (1 - rho) sum(v) + rho (sum(s))^2.
    sum_v, sum_s = np.bincount(inverse, v), np.bincount(inverse, np.sqrt(v))
    r = np.where(m > 1, rho, 0.0)
    return np.bincount(inverse, y) / m, ((1 - r) * sum_v + r * sum_s**2) / m**2


def _gls_mean(y: Array, v: Array, inverse: IntArray, m: IntArray, rho: Array) -> tuple[Array, Array]:
    # The inverse of an exchangeable correlation matrix is (I - c J) / (1 - rho), c = rho / (1 + (m - 1) rho).
    r = np.where(m > 1, rho, 0.0)
    c, s = r / (1 + (m - 1) * r), np.sqrt(v)
    sum_w = (np.bincount(inverse, 1 / v) - c * np.bincount(inverse, 1 / s) ** 2) / (1 - r)
    sum_wy = np.bincount(inverse, y / v) - c * np.bincount(inverse, 1 / s) * np.bincount(inverse, y / s)
    return sum_wy / (1 - r) / sum_w, 1 / sum_w
