"""Log-likelihoods of a batch of data sets, and what follows from them."""

import numpy as np

from analysis.frequentist.linear import Batch, cross, row_sum, solve, weigh
from analysis.results import Array, BoolArray

LOG_2PI = float(np.log(2.0 * np.pi))
# As in metafor's `ll0check`: a root of the score is given up for tau2 = 0 only for a gain beyond the rounding of its
# default optimiser.
MIN_GAIN = float(np.finfo(float).eps ** 0.25)


def log_likelihood(batch: Batch, tau2: Array, *, restricted: bool, residuals: Array | None = None) -> Array:
    """Log-likelihood at `tau2` (B,), coefficients at their weighted least-squares values.

    Parameters
    ----------
    restricted : bool
        Restricted likelihood, with the term 0.5 log det X'X as metafor includes it; else the full one.
    residuals : (B, k), optional
        Residuals to use instead, when other weights than the inverse variances gave the coefficients.
    """
    w = weigh(batch, tau2)
    e = solve(batch, w)[2] if residuals is None else residuals
    logs = np.log(batch.v + tau2[:, None])
    half = row_sum(logs if batch.m is None else logs * batch.m) + np.vecdot(w * e, e)
    if not restricted:
        full: Array = -0.5 * (batch.k * LOG_2PI + half)
        return full
    reduced: Array = -0.5 * ((batch.k - batch.p) * LOG_2PI + half + _log_determinants(batch, w))
    return reduced


def _log_determinants(batch: Batch, w: Array) -> Array:
    """`log det X'WX - log det X'X`, (B,)."""
    if batch.constant:
        return np.log(row_sum(w) / batch.k)
    unit = np.ones_like(batch.y) if batch.m is None else batch.m
    difference: Array = np.linalg.slogdet(cross(batch, w))[1] - np.linalg.slogdet(cross(batch, unit))[1]
    return difference


def gains_at_zero(batch: Batch, tau2: Array, restricted: bool) -> BoolArray:
    """Where the likelihood at tau2 = 0 clearly exceeds the one at the root found, (B,)."""
    positive = tau2 > 0.0
    if not positive.any():
        return positive
    # The difference of the two log-likelihoods, without the constants that cancel.
    at_zero, at_root = weigh(batch, 0.0), weigh(batch, tau2)
    e_zero, e_root = solve(batch, at_zero)[2], solve(batch, at_root)[2]
    logs = np.log1p(tau2[:, None] / batch.v)
    twice = row_sum(logs if batch.m is None else logs * batch.m)
    twice += np.vecdot(at_root * e_root, e_root) - np.vecdot(at_zero * e_zero, e_zero)
    if restricted:
        twice += _log_determinants(batch, at_root) - _log_determinants(batch, at_zero)
    return positive & (0.5 * twice > MIN_GAIN)


def saturated_log_likelihood(batch: Batch) -> Array:
    """Log-likelihood of the model that fits every effect exactly, (B,)."""
    logs = np.log(batch.v) + LOG_2PI
    return -0.5 * (logs if batch.m is None else logs * batch.m).sum(-1)
