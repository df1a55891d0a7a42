"""Critical values and p values of z and t statistics, whatever their degrees of freedom."""

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from analysis.results import Array
from analysis.vocabulary import SCALED_TESTS


def two_sided(stat: Array, ddf: Array) -> Array:
    """Two-sided p value of a z (infinite `ddf`) or t statistic."""
    if np.isinf(ddf).all():
        return 2.0 * ndtr(-np.abs(stat))
    return 2.0 * stdtr(ddf, -np.abs(stat))


def scale_of_test(test: str, s2w: Array) -> Array:
    """What a test multiplies the variance of coefficients by: the factor `s2w`, never below one for `adhoc`, or one."""
    if test not in SCALED_TESTS:
        return np.ones_like(s2w)
    return np.maximum(s2w, 1.0) if test == "adhoc" else s2w


def critical(level: float, ddf: Array) -> Array:
    """Two-sided critical value at `level` per cent."""
    tail = 0.5 + level / 200.0
    return np.full(ddf.shape, ndtri(tail)) if np.isinf(ddf).all() else stdtrit(ddf, tail)
