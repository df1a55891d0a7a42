"""Weight functions of publication: how likely an effect with a given p value is to be seen, relative to others.

For an effect of mean `mu` and marginal variance `S^2 = vi + tau2` the probability of being seen is
`A = int w(p(y)) N(y; mu, S^2) dy`. The normal law solves the heat equation, `dA/dtau2 = (1/2) d2A/dmu2`, so that
derivatives in `mu` up to the fourth give the whole gradient and Hessian in `mu` and `tau2`.

Effects are turned beforehand so that selection favours large ones: p values are `1 - Phi(y / sei)`, or two-sided.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from analysis.results import Array, BoolArray, IntArray

LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)


class Seen(NamedTuple):
    """What a weight function adds to the likelihood of each of (B, k) effects, for D free parameters `delta`.

    Attributes
    ----------
    log_w, log_w_delta, log_w_delta2 : (B, k), (D, B, k), (D, B, k)
        Log weight of the observed p value and its derivatives in each `delta`.
    log_a : (B, k)
        Log probability `A` of being seen.
    a_mu : (4, B, k)
        Derivatives of A in mu of order 1 to 4, over A.
    a_delta : (D, 3, B, k)
        First derivative of A in each `delta`, and its derivatives in mu of order 1 and 2, over A.
    a_delta2 : (D, D, B, k)
        Second derivatives of A in `delta`, over A.
    """

    log_w: Array
    log_w_delta: Array
    log_w_delta2: Array
    log_a: Array
    a_mu: Array
    a_delta: Array
    a_delta2: Array


class Weights(Protocol):
    """A weight function applied to B data sets of k effects."""

    @property
    def free(self) -> int:
        """Number D of parameters to estimate."""
        ...

    def seen(self, mu: Array, variance: Array, delta: Array) -> Seen:
        """At means `mu` (B, k), marginal variances (B, k) and `delta` (B, D)."""
        ...

    def take(self, index: IntArray | BoolArray) -> Self:
        """The same for some of the data sets."""
        ...


class Cells(NamedTuple):
    """Cells of the z axis: `cuts` (M,) ascending between them; `step` (M + 1,) the interval of p each belongs to."""

    cuts: Array
    step: IntArray


def cells_of(steps: Sequence[float], two_sided: bool) -> Cells:
    """Cut the z axis where p crosses a step; `steps` ascending, the last being 1 (Vevea & Hedges 1995, eq. 1)."""
    inner = np.asarray(steps[:-1], dtype=float)
    order = np.arange(len(steps))
    if not two_sided:
        return Cells(-ndtri(inner)[::-1], order[::-1])
    half = -ndtri(inner / 2.0)
    return Cells(np.concatenate([-half, half[::-1]]), np.concatenate([order, order[-2::-1]]))


def cell_derivatives(cells: Cells, sei: Array, mu: Array, variance: Array) -> Array:
    """Probability of every cell and its derivatives in mu of order 1 to 4, (5, M + 1, B, k).

    `d^n Phi(u) / dmu^n = -S^-n He_{n-1}(u) phi(u)` for `u = (c sei - mu) / S`, He being Hermite polynomials.
    """
    root = np.sqrt(variance)
    u = (cells.cuts[:, None, None] * sei - mu) / root
    edge = np.zeros((5, len(u) + 2, *u.shape[1:]))
    edge[1, 1:-1] = -np.exp(-0.5 * u * u - LOG_ROOT_2PI) / root
    edge[2, 1:-1] = edge[1, 1:-1] * (u / root)
    edge[3, 1:-1] = edge[1, 1:-1] * ((u * u - 1.0) / variance)
    edge[4, 1:-1] = edge[2, 1:-1] * ((u * u - 3.0) / variance)
    found = np.diff(edge, axis=1)
    found[0] = _cell_probabilities(u)
    return found


def _cell_probabilities(u: Array) -> Array:
    """`Phi` between neighbouring cuts, taken in the nearer tail so that no digits cancel."""
    ends = np.full((len(u) + 2, *u.shape[1:]), -np.inf)
    ends[1:-1], ends[-1] = u, np.inf
    low, high = ends[:-1], ends[1:]
    upper = low > 0.0
    return np.asarray(ndtr(np.where(upper, -low, high)) - ndtr(np.where(upper, -high, low)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWeights:
    """A weight for every interval of p (Hedges 1992; Vevea & Hedges 1995).

    Attributes
    ----------
    cells : where the intervals lie on the z axis.
    given : (N,)
        Weights known beforehand, not-a-number where to be estimated.
    sei, own : (B, k)
        Standard errors, and the interval each observed p value lies in.
    """

    cells: Cells
    given: Array
    sei: Array
    own: IntArray

    @property
    def free(self) -> int:
        """Weights to estimate."""
        return int(np.isnan(self.given).sum())

    def take(self, index: IntArray | BoolArray) -> "StepWeights":
        """Select data sets."""
        return replace(self, sei=self.sei[index], own=self.own[index])

    def seen(self, mu: Array, variance: Array, delta: Array) -> Seen:
        """A is the weighted sum of the probabilities of the intervals."""
        places = np.flatnonzero(np.isnan(self.given))
        weight = np.where(np.isnan(self.given), 1.0, self.given) * np.ones((len(delta), 1))
        weight[:, places] = delta
        by_cell = cell_derivatives(self.cells, self.sei, mu, variance)
        a = (by_cell * weight[:, self.cells.step].T[:, :, None]).sum(1)
        a[0, a[0] <= 0.0] = np.nan
        basis = [by_cell[:3, self.cells.step == place].sum(1) / a[0] for place in places]
        own = np.array([self.own == place for place in places], dtype=float).reshape(-1, *self.sei.shape)
        slope = own / delta.T[:, :, None]
        shape = self.sei.shape
        return Seen(
            log_w=np.log(np.take_along_axis(weight, self.own, axis=1)),
            log_w_delta=slope,
            log_w_delta2=-slope / delta.T[:, :, None],
            log_a=np.log(a[0]),
            a_mu=a[1:] / a[0],
            a_delta=np.array(basis).reshape(-1, 3, *shape),
            a_delta2=np.zeros((len(places), len(places), *shape)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInterval:
    """Nothing is assumed about weights: each effect is conditioned on its own side of one step (p-uniform*).

    Attributes
    ----------
    cut : z value of the step.
    sei, side : (B, k)
        Standard errors; -1 for effects beyond the step, 1 for those before it.
    """

    cut: float
    sei: Array
    side: Array

    @property
    def free(self) -> int:
        """No parameters."""
        return 0

    def take(self, index: IntArray | BoolArray) -> "OwnInterval":
        """Select data sets."""
        return replace(self, sei=self.sei[index], side=self.side[index])

    def seen(self, mu: Array, variance: Array, delta: Array) -> Seen:
        """A is the probability of the own side; ratios stay finite far in the tail."""
        root = np.sqrt(variance)
        u = (self.cut * self.sei - mu) / root
        log_a = np.asarray(log_ndtr(self.side * u))
        first = -self.side * np.exp(-0.5 * u * u - LOG_ROOT_2PI - log_a) / root
        second = first * u / root
        third, fourth = first * (u * u - 1.0) / variance, second * (u * u - 3.0) / variance
        none = np.zeros((0, *self.sei.shape))
        return Seen(
            log_w=np.zeros(self.sei.shape),
            log_w_delta=none,
            log_w_delta2=none,
            log_a=log_a,
            a_mu=np.array([first, second, third, fourth]),
            a_delta=np.zeros((0, 3, *self.sei.shape)),
            a_delta2=np.zeros((0, 0, *self.sei.shape)),
        )
