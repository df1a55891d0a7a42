"""Intervals for the between-study variance, and for I2 and H2 that follow from it."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

from analysis.errors import ModelError
from analysis.frequentist.likelihood import log_likelihood
from analysis.frequentist.linear import Batch, build_batch
from analysis.frequentist.scoring import (
    bisect,
    generalised_q,
    solve_generalised_q,
    typical_variance,
)
from analysis.frequentist.shapes import flat, reshape
from analysis.frequentist.tau2 import estimate_tau2
from analysis.results import Array, BoolArray, Fit, Interval
from analysis.vocabulary import TAU2_INTERVALS


def tau2_interval(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | None = None,
    *,
    kind: str = "QP",
    method: str = "REML",
    level: float = 95.0,
    mask: ArrayLike | None = None,
) -> Interval:
    """Confidence limits of tau2.

    Parameters
    ----------
    yi, vi, X, mask
        As in `fit_meta_regression`; without `X` the model is a mean.
    kind : str
        `QP`, the Q-profile method (Viechtbauer 2007), or `PL`, the profile likelihood (Hardy & Thompson 1996),
        restricted for REML.
    method : str
        The likelihood that PL profiles: `ML` or `REML`.
    level : float
        Per cent.

    Returns
    -------
    Interval
        `lb, ub` (...), squared units of the measure. `[0, 0]` when even tau2 = 0 leaves too little heterogeneity
        (metafor calls the set null). Limits are solved to rounding error and have no ceiling, where metafor stops at
        tau2 = 100 by default.

    Raises
    ------
    ModelError
        Unknown kind; PL for an estimator without a likelihood; no residual degrees of freedom.

    References
    ----------
    .. [1] Viechtbauer (2007), Stat. Med. 26, 37-52.
    .. [2] Hardy & Thompson (1996), Stat. Med. 15, 619-629.
    """
    if kind not in TAU2_INTERVALS:
        raise ModelError(f'interval "{kind}" for tau2 is not known. Use one of {", ".join(TAU2_INTERVALS)}.')
    if kind == "PL" and method not in ("ML", "REML"):
        raise ModelError(f"a profile-likelihood interval needs ML or REML, not {method}. Use QP.")
    batch = build_batch(yi, vi, X, mask)
    if batch.shape == () and int(batch.k[0]) <= batch.p:
        raise ModelError(f"{int(batch.k[0])} effects leave no degrees of freedom for tau2. Ask for no interval.")
    lb, ub = _q_profile(batch, level) if kind == "QP" else _profile_likelihood(batch, method == "REML", level)
    return Interval(lb=reshape(lb, batch.shape), ub=reshape(ub, batch.shape), level=level, kind=kind)


def _q_profile(batch: Batch, level: float) -> tuple[Array, Array]:
    df = (batch.k - batch.p).astype(float)
    tail = 0.5 - level / 200.0
    lower, _ = solve_generalised_q(batch, chdtri(df, tail))
    upper, _ = solve_generalised_q(batch, chdtri(df, 1.0 - tail))
    return lower, upper


def _profile_likelihood(batch: Batch, restricted: bool, level: float) -> tuple[Array, Array]:
    best = estimate_tau2(batch, "REML" if restricted else "ML").tau2
    top = log_likelihood(batch, best, restricted=restricted)
    drop = 0.5 * float(chdtri(1.0, 1.0 - level / 100.0))

    def inside(tau2: Array) -> BoolArray:
        return log_likelihood(batch, tau2, restricted=restricted) > top - drop

    zero = np.zeros_like(best)
    ceiling = np.maximum(2.0 * best, typical_variance(batch))
    while inside(ceiling).any():
        ceiling = np.where(inside(ceiling), 2.0 * ceiling, ceiling)
    upper = bisect(inside, best, ceiling)
    lower = np.where(inside(zero), 0.0, bisect(lambda tau2: ~inside(tau2), zero, best))
    return lower, upper


def heterogeneity_intervals(fit: Fit, tau2: Interval) -> tuple[Interval, Interval]:
    """Limits of I2 (per cent) and H2 from those of tau2 (Viechtbauer 2010, section 3.4): both rise with tau2."""
    vt = flat(fit.vt, 0)
    lb, ub = flat(tau2.lb, 0), flat(tau2.ub, 0)
    shape = np.shape(fit.tau2)
    share = [reshape(100.0 * limit / (vt + limit), shape) for limit in (lb, ub)]
    ratio = [reshape(limit / vt + 1.0, shape) for limit in (lb, ub)]
    return (
        Interval(lb=share[0], ub=share[1], level=tau2.level, kind=tau2.kind),
        Interval(lb=ratio[0], ub=ratio[1], level=tau2.level, kind=tau2.kind),
    )


def q_statistic(yi: ArrayLike, vi: ArrayLike, tau2: ArrayLike, X: ArrayLike | None = None) -> Array:
    """Generalised Q statistic at given tau2 (...), for drawing its profile."""
    batch = build_batch(yi, vi, X)
    values = np.atleast_1d(np.asarray(tau2, dtype=float))
    result: Array = reshape(generalised_q(batch, np.broadcast_to(values, batch.k.shape)), batch.shape)
    return result
