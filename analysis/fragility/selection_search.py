"""The highest of several maxima of a selection likelihood, and what its curvature says of precision."""

from typing import NamedTuple

import numpy as np

from analysis.fragility.selection_likelihood import Point, SelectionModel
from analysis.fragility.selection_optimiser import Limits, Optimum, climb
from analysis.results import Array, BoolArray, Convergence

# Twice this difference in log-likelihood is the 95 % point of chi-squared on one degree of freedom.
RIVAL = 1.92
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
        Parameters of another maximum hardly lower than the best and far from it in the mean; not-a-number if none.
    convergence : elementwise.
    """

    theta: Array
    covariance: Array
    loglik: Array
    bound: BoolArray
    rival: Array
    convergence: Convergence


def search(model: SelectionModel, starts: Array, limits: Limits) -> Found:
    """Climb from every one of `starts` (S, B, q) and keep the best end of each data set."""
    number, rows, q = starts.shape
    spread = model if number == 1 else model.take(np.tile(np.arange(rows), number))
    ends = climb(spread, starts.reshape(-1, q), limits)
    loglik = np.where(np.isfinite(ends.point.loglik), ends.point.loglik, -np.inf).reshape(number, rows)
    # A start that did not settle is used only when none did.
    settled = ends.convergence.converged.reshape(number, rows)
    rank = np.where(settled | ~settled.any(0), loglik, -np.inf)
    best = rank.argmax(0) * rows + np.arange(rows)
    covariance = covariance_of(Point(*(part[best] for part in ends.point)), ends.bound[best])
    return Found(
        theta=ends.theta[best],
        covariance=covariance,
        loglik=ends.point.loglik[best],
        bound=ends.bound[best],
        rival=_rival(ends, rank, covariance, best),
        convergence=Convergence(
            converged=ends.convergence.converged[best],
            iterations=ends.convergence.iterations[best],
            at_boundary=ends.convergence.at_boundary[best],
        ),
    )


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
    number, rows = rank.shape
    theta = ends.theta.reshape(number, rows, -1)
    se = np.sqrt(np.nan_to_num(covariance[:, 0, 0]))
    far = np.abs(theta[:, :, 0] - ends.theta[best, 0]) > APART * se
    near = np.where(far & (rank >= rank.max(0) - RIVAL), rank, -np.inf)
    chosen = theta[near.argmax(0), np.arange(rows)]
    return np.where(np.isfinite(near.max(0))[:, None], chosen, np.nan)
