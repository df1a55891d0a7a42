"""Climb likelihoods of selection models: Newton steps in a trust region, all data sets and all starts at once.

The steps are taken in parameters that have a common scale: coefficients in units of the typical standard error,
`log(1 + tau2 / v)` with v the typical sampling variance, and `log delta`. Bounds are part of the problem: tau2 >= 0
is often active.
"""

from typing import NamedTuple

import numpy as np

from analysis.fragility.selection_likelihood import Point, SelectionModel
from analysis.frequentist.scoring import typical_variance
from analysis.results import Array, BoolArray, Convergence, IntArray

MAX_ITERATIONS = 200
# A row has settled when a full Newton step would raise its log-likelihood by no more than this share of it; where
# rounding hides such small gains, when no step raises it and the promised gain is below the second share.
GAIN_TOLERANCE, NO_GAIN = 1e-20, 1e-10
# Log-likelihoods that differ by less than this share are equal but for rounding.
ROUNDING = 1e-13
FIRST_RADIUS, LARGEST_RADIUS, SMALLEST_RADIUS = 1.0, 8.0, 1e-9
# Curvature below this share of the largest is held at it, so that flat directions do not throw the step away.
FLAT = 1e-10


class Optimum(NamedTuple):
    """Where the climb ended: parameters (B, q), the likelihood there, which are at a bound (B, q), how it went."""

    theta: Array
    point: Point
    bound: BoolArray
    convergence: Convergence


class Limits(NamedTuple):
    """Bounds of the parameters, (q,) or (B, q); equal ones hold a parameter."""

    lower: Array
    upper: Array

    def spread(self, shape: tuple[int, ...]) -> "Limits":
        """One row of bounds per data set."""
        return Limits(np.broadcast_to(self.lower, shape), np.broadcast_to(self.upper, shape))

    def take(self, index: IntArray) -> "Limits":
        """Select data sets."""
        return Limits(self.lower[index], self.upper[index])


class Scale(NamedTuple):
    """Between parameters and working parameters: unit of coefficients (B, 1), typical variance (B, 1), p."""

    unit: Array
    variance: Array
    p: int

    def working(self, theta: Array) -> Array:
        """From parameters (B, q) to working ones."""
        p = self.p
        return np.concatenate(
            [theta[:, :p] / self.unit, np.log1p(theta[:, p : p + 1] / self.variance), np.log(theta[:, p + 1 :])], axis=1
        )

    def natural(self, working: Array) -> Array:
        """Back to parameters (B, q)."""
        p = self.p
        return np.concatenate(
            [
                working[:, :p] * self.unit,
                np.expm1(working[:, p : p + 1]) * self.variance,
                np.exp(working[:, p + 1 :]),
            ],
            axis=1,
        )

    def point(self, theta: Array, at: Point) -> Point:
        """Gradient and Hessian in working parameters, by the chain rule."""
        bend = np.concatenate(
            [np.zeros_like(theta[:, : self.p]), theta[:, self.p : self.p + 1] + self.variance, theta[:, self.p + 1 :]],
            axis=1,
        )
        slope = bend.copy()
        slope[:, : self.p] = self.unit
        hessian = at.hessian * slope[:, :, None] * slope[:, None, :]
        index = np.arange(theta.shape[1])
        hessian[:, index, index] += bend * at.gradient
        return Point(at.loglik, at.gradient * slope, hessian)

    def take(self, index: IntArray) -> "Scale":
        """Select data sets."""
        return Scale(self.unit[index], self.variance[index], self.p)


def scale_of(model: SelectionModel) -> Scale:
    """Scales of the data sets of a model."""
    variance = typical_variance(model.batch)[:, None]
    length = 1.0 if model.batch.constant else np.sqrt(model.batch.k)[:, None]
    return Scale(np.sqrt(variance) * length, variance, model.batch.p)


def climb(model: SelectionModel, start: Array, limits: Limits) -> Optimum:
    """Climb from `start` (B, q), one start per data set.

    Each row stops when no Newton step raises its likelihood any more; a row that does not within `MAX_ITERATIONS`
    is reported as not converged.
    """
    scale, limits = scale_of(model), limits.spread(start.shape)
    theta = np.clip(start, limits.lower, limits.upper)
    rows = len(theta)
    best = _try(model, theta)
    converged, iterations = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=int)
    bound = np.zeros(theta.shape, dtype=bool)
    active, part = np.arange(rows), model
    radius = np.full(rows, FIRST_RADIUS)
    for count in range(1, MAX_ITERATIONS + 1):
        here = Point(best.loglik[active], best.gradient[active], best.hessian[active])
        at = theta[active]
        step, gain, held = _step(scale.take(active).point(at, here), at, limits.take(active), radius[active])
        bound[active] = held
        stuck = radius[active] <= SMALLEST_RADIUS
        done = gain <= np.where(stuck, NO_GAIN, GAIN_TOLERANCE) * (1.0 + np.abs(here.loglik))
        iterations[active], converged[active] = count, done
        if (done | stuck).any():
            keep = ~(done | stuck)
            active, at, step, part = active[keep], at[keep], step[keep], part.take(keep)
            if not len(active):
                break
        new = _move(scale.take(active), at, step, limits.take(active))
        there = _try(part, new)
        _keep_better(theta, best, radius, active, new, there)
    return Optimum(
        theta,
        best,
        bound,
        Convergence(converged=converged, iterations=iterations, at_boundary=theta[:, model.batch.p] == 0.0),
    )


def _try(model: SelectionModel, theta: Array) -> Point:
    """A trial point may be so far out that no effect can be seen: it is not a finite number then, and not taken."""
    with np.errstate(all="ignore"):
        return model.at(theta)


def _keep_better(theta: Array, best: Point, radius: Array, active: IntArray, new: Array, there: Point) -> None:
    """Take the rows that climbed, and adapt every row's radius, in place."""
    floor = best.loglik[active] - ROUNDING * (1.0 + np.abs(best.loglik[active]))
    better = np.isfinite(there.loglik) & (there.loglik >= floor)
    better &= np.isfinite(there.hessian).all((1, 2))
    moved = active[better]
    theta[moved] = new[better]
    for old, update in zip(best, there, strict=True):
        old[moved] = update[better]
    radius[moved] = np.minimum(2.0 * radius[moved], LARGEST_RADIUS)
    radius[active[~better]] *= 0.25


def _step(at: Point, theta: Array, limits: Limits, radius: Array) -> tuple[Array, Array, BoolArray]:
    """The step (n, q) in working parameters, the gain (n,) that a full one promises, and what is held at a bound."""
    low, high = theta <= limits.lower, theta >= limits.upper
    held = (low & (at.gradient <= 0.0)) | (high & (at.gradient >= 0.0)) | (limits.lower == limits.upper)
    for _ in range(theta.shape[1]):
        step = _newton(at, held)
        outward = ~held & ((low & (step < 0.0)) | (high & (step > 0.0)))
        if not outward.any():
            break
        held = held | outward
    else:
        step = np.where(held, 0.0, step)
    gain = np.abs((step * at.gradient).sum(1))
    length = np.abs(step).max(1)
    return step * np.minimum(1.0, radius / np.maximum(length, radius))[:, None], gain, held


def _newton(at: Point, held: BoolArray) -> Array:
    """The Newton step with curvature made negative: towards a maximum, even from where the likelihood bends up."""
    free = ~held
    hessian = np.nan_to_num(at.hessian, posinf=0.0, neginf=0.0) * (free[:, :, None] & free[:, None, :])
    index = np.arange(free.shape[1])
    hessian[:, index, index] -= held
    values, vectors = np.linalg.eigh(hessian)
    bend = np.abs(values)
    bend = np.maximum(bend, FLAT * bend.max(1, keepdims=True))
    gradient = np.where(free, at.gradient, 0.0)
    turned = (np.swapaxes(vectors, 1, 2) @ gradient[..., None])[..., 0] / bend
    return np.asarray(np.where(free, (vectors @ turned[..., None])[..., 0], 0.0))


def _move(scale: Scale, theta: Array, step: Array, limits: Limits) -> Array:
    """Go along `step` to the first bound at most, (n, q)."""
    edges = [scale.working(edge) for edge in limits]
    working = scale.working(theta)
    room = np.where(step > 0.0, edges[1] - working, working - edges[0])
    size = np.abs(step)
    share = np.divide(room, size, out=np.full(size.shape, np.inf), where=size > 0.0)
    alpha = np.minimum(1.0, share.min(1, keepdims=True))
    new = scale.natural(working + alpha * step)
    reached = (share <= alpha) & (size > 0.0)
    new = np.where(reached, np.where(step > 0.0, limits.upper, limits.lower), new)
    held = limits.lower == limits.upper
    return np.asarray(np.clip(np.where(held, theta, new), limits.lower, limits.upper))
