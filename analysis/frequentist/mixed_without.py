"""What follows from the fits of a multilevel model without some effects: their covariances, I2, and accumulation."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from analysis.covariance import BlockCovariance, group_effects
from analysis.frequentist.laws import critical, two_sided
from analysis.frequentist.mixed_deletion import LeaveOneOut
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_sets import entries_of
from analysis.frequentist.structures import kernels
from analysis.results import Array, IntArray


def covariances_without(fit: MultilevelFit, left: LeaveOneOut) -> Iterator[BlockCovariance]:
    """Marginal covariance of the effects that are left without every set, at the variances found without it."""
    V = fit.V.dense()
    for one in range(left.clusters.number):
        held = replace(fit, sigma2=left.sigma2[one], G=None if left.G is None else left.G[one])
        entries = entries_of(held) * fit.model.unit**2
        kept = np.flatnonzero(left.clusters.codes != one)
        new = group_effects(fit.V.clusters.codes[kept])
        old = [kept[rows] for rows in new.rows]
        blocks = [
            V[rows[:, :, None], rows[:, None, :]]
            + np.tensordot(entries, kernels(fit.model.levels, fit.model.structure, rows), 1)
            for rows in old
        ]
        yield BlockCovariance(clusters=new, blocks=tuple(blocks))


def i2_without(fit: MultilevelFit, tau2: Array) -> Array:
    """I2 without each effect, per cent, (k,), `tau2` (k,) the total variance of true effects without it.

    The typical sampling variance of `mixed_heterogeneity` without effect i has `tr P - (P P)_ii / P_ii` in the place of
    `tr P`; not a number where an effect holds a coefficient alone.
    """
    W = np.linalg.inv(fit.V.dense())
    WX = W @ fit.X
    P = W - WX @ np.linalg.pinv(fit.X.T @ WX, hermitian=True) @ WX.T
    own = np.diagonal(P)
    alone = own <= 1e-9 * np.diagonal(W)
    fall = np.where(alone, np.nan, (P**2).sum(1) / np.where(alone, 1.0, own))
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = (fit.k - 1 - fit.p) / (np.trace(P) - fall)
        share: Array = np.where(fit.k - 1 > fit.p, 100.0 * tau2 / (tau2 + typical), np.nan)
    return share


class Held(NamedTuple):
    """Means and their tests after each of J steps, (J,), the variances held at those of all effects."""

    estimate: Array
    ci_lb: Array
    ci_ub: Array
    pval: Array


def accumulate(fit: MultilevelFit, yi: Array, order: IntArray, ends: IntArray) -> Held:
    """The mean of the first `ends` (J,) effects in `order` (k,), all steps from one factor of the covariance.

    Parameters
    ----------
    fit : of a model without moderators, whose variances are held.
    yi : (k,)
        In units of the measure.
    """
    M = fit.M.dense()[np.ix_(order, order)]
    root = np.linalg.cholesky(M)
    white = np.linalg.solve(root, np.column_stack([np.ones(fit.k), yi[order]]))
    information = np.cumsum(white[:, 0] ** 2)[ends - 1]
    estimate = np.cumsum(white[:, 0] * white[:, 1])[ends - 1] / information
    se = 1.0 / np.sqrt(information)
    ddf = np.full(len(ends), np.inf) if fit.test == "z" else np.maximum(ends - 1.0, 1.0)
    reach = critical(fit.level, ddf) * se
    return Held(estimate, estimate - reach, estimate + reach, two_sided(estimate / se, ddf))
