"""The highest sensible one of several maxima of a selection likelihood, and what its curvature says of precision.

Such a likelihood often has a maximum with a mean far outside the effects: the published ones are then the extreme tail
of a law of which nothing else was seen. It fits, but means nothing, and is used only where there is no other.
"""

from typing import NamedTuple

import numpy as np

from analysis.fragility.selection_likelihood import Point, SelectionModel
from analysis.fragility.selection_optimiser import Limits, Optimum, climb
from analysis.frequentist.linear import expand
from analysis.results import Array, BoolArray, Convergence

# Twice this difference in log-likelihood is the 95 % point of chi-squared on one degree of freedom.
RIVAL = 1.92
# Means further outside the effects than this many of their ranges are far outside.
FAR = 1.0
# Maxima whose means lie further apart than this many standard errors are two answers, not one.
APART = 1.0


class Found(NamedTuple):
    """The best optimum of every data set.

    Attributes
    ----------
    theta, covariance : (B, q), (B, q, q)
        Parameters, and the inverse of the observed information; not-a-number where that is not positive definite, and
        for parameters at a bound.
    loglik : (B,)
    bound : (B, q)
        Parameters at a bound.
    rival : (B, q)
        Parameters of another maximum hardly lower than the best, or higher and not sensible, and far from it in the
        mean; not-a-number if none.
    far : (B,)
        The mean lies far outside the effects.
    convergence : elementwise.
    """

    theta: Array
    covariance: Array
    loglik: Array
    bound: BoolArray
    rival: Array
    far: BoolArray
    convergence: Convergence


def search(model: SelectionModel, starts: Array, limits: Limits) -> Found:
    """Climb from every one of `starts` (S, B, q) and keep the best end of each data set."""
    number, rows, q = starts.shape
    spread = model if number == 1 else model.take(np.tile(np.arange(rows), number))
    ends = climb(spread, starts.reshape(-1, q), limits)
    loglik = np.where(np.isfinite(ends.point.loglik), ends.point.loglik, -np.inf).reshape(number, rows)
    near = _is_near(spread, ends.theta).reshape(number, rows)
    # A start that did not settle, or settled far away, is used only when none did better.
    settled = ends.convergence.converged.reshape(number, rows)
    sensible = settled & near
    chosen = np.where(sensible.any(0), sensible, np.where(settled.any(0), settled, True))
    rank = np.where(chosen, loglik, -np.inf)
    best = rank.argmax(0) * rows + np.arange(rows)
    covariance = covariance_of(Point(*(part[best] for part in ends.point)), ends.bound[best])
    return Found(
        theta=ends.theta[best],
        covariance=covariance,
        loglik=ends.point.loglik[best],
        bound=ends.bound[best],
        rival=_rival(ends, np.where(settled, loglik, -np.inf), covariance, best),
        far=~near.reshape(-1)[best],
        convergence=Convergence(
            converged=ends.convergence.converged[best],
            iterations=ends.convergence.iterations[best],
            at_boundary=ends.convergence.at_boundary[best],
        ),
    )


def _is_near(model: SelectionModel, theta: Array) -> BoolArray:
    """Whether all fitted means lie within the effects or no further outside than their range, (B,)."""
    batch = model.batch
    seen = np.ones_like(batch.y, dtype=bool) if batch.m is None else batch.m > 0.0
    low = np.where(seen, batch.y, np.inf).min(1)[:, None]
    high = np.where(seen, batch.y, -np.inf).max(1)[:, None]
    reach = FAR * (high - low) + np.sqrt(np.where(seen, batch.v, 0.0).max(1))[:, None]
    fitted = expand(batch, theta[:, : batch.p])
    inside = (fitted >= low - reach) & (fitted <= high + reach)
    return np.asarray((inside | ~seen).all(1))


def covariance_of(at: Point, bound: BoolArray) -> Array:
    """Inverse of the observed information over the parameters that are not at a bound, (B, q, q)."""
    free = ~bound
    both = free[:, :, None] & free[:, None, :]
    information = np.where(both, -at.hessian, np.eye(bound.shape[1]))
    usable = np.isfinite(information).all((1, 2))
    information[~usable] = np.eye(bound.shape[1])
    usable &= np.linalg.eigvalsh(information)[:, 0] > 0.0
    information[~usable] = np.eye(bound.shape[1])
    return np.where(both & usable[:, None, None], np.linalg.inv(information), np.nan)


def _rival(ends: Optimum, rank: Array, covariance: Array, best: Array) -> Array:
    """The highest other end among those no lower than `RIVAL` below the one chosen."""
    number, rows = rank.shape
    theta = ends.theta.reshape(number, rows, -1)
    se = np.sqrt(np.nan_to_num(covariance[:, 0, 0]))
    far = np.abs(theta[:, :, 0] - ends.theta[best, 0]) > APART * se
    near = np.where(far & (rank >= ends.point.loglik[best] - RIVAL), rank, -np.inf)
    chosen = theta[near.argmax(0), np.arange(rows)]
    return np.where(np.isfinite(near.max(0))[:, None], chosen, np.nan)
