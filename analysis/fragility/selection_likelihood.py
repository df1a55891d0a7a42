"""The likelihood of effects that were seen because of their p values, with its gradient and Hessian, over a batch."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.fragility.selection_weights import Seen, Weights
from analysis.frequentist.linear import Batch, cross, expand, project, row_sum
from analysis.results import Array, BoolArray, IntArray


class Point(NamedTuple):
    """Log-likelihood (B,), gradient (B, q) and Hessian (B, q, q) at parameters (B, q): b, tau2, delta."""

    loglik: Array
    gradient: Array
    hessian: Array


class Slopes(NamedTuple):
    """Derivatives of the log-likelihood of every effect, (B, k) or (D, B, k): by mu (m), tau2 (t) and delta (d)."""

    m: Array
    t: Array
    mm: Array
    mt: Array
    tt: Array
    d: Array
    dm: Array
    dt: Array
    dd: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionModel:
    """B data sets, their design, and the weight function under which they were seen.

    The density of an effect is `w(p) N(y; mu, vi + tau2) / A` (Vevea & Hedges 1995, eq. 2); the parameters are the
    coefficients b in the orthonormal basis of the design, tau2, and the free parameters of the weight function.
    """

    batch: Batch
    weights: Weights

    @property
    def q(self) -> int:
        """Number of parameters."""
        return self.batch.p + 1 + self.weights.free

    def take(self, index: IntArray | BoolArray) -> "SelectionModel":
        """Select data sets."""
        return SelectionModel(batch=self.batch.take(index), weights=self.weights.take(index))

    def at(self, theta: Array) -> Point:
        """Evaluate at parameters (B, q)."""
        batch, p = self.batch, self.batch.p
        mu = np.broadcast_to(expand(batch, theta[:, :p]), batch.y.shape)
        variance = batch.v + theta[:, p, None]
        e = batch.y - mu
        seen = self.weights.seen(mu, variance, theta[:, p + 1 :])
        each = seen.log_w - seen.log_a - 0.5 * (np.log(2.0 * np.pi * variance) + e * e / variance)
        slopes = _slopes(e, variance, seen)
        if batch.m is not None:
            each = each * batch.m
            slopes = Slopes(*(part * batch.m for part in slopes))
        return Point(row_sum(each), _gradient(batch, slopes), _hessian(batch, slopes))


def _slopes(e: Array, variance: Array, seen: Seen) -> Slopes:
    one, two, three, four = seen.a_mu
    precision = 1.0 / variance
    scaled = e * precision
    d0, d1, d2 = seen.a_delta[:, 0], seen.a_delta[:, 1], seen.a_delta[:, 2]
    dd = d0[:, None] * d0[None, :] - seen.a_delta2
    diagonal = np.arange(len(dd))
    dd[diagonal, diagonal] += seen.log_w_delta2
    return Slopes(
        m=scaled - one,
        t=0.5 * (scaled * scaled - precision - two),
        mm=one * one - two - precision,
        mt=0.5 * (one * two - three) - scaled * precision,
        tt=0.5 * precision * precision - scaled * scaled * precision + 0.25 * (two * two - four),
        d=seen.log_w_delta - d0,
        dm=d0 * one - d1,
        dt=0.5 * (d0 * two - d2),
        dd=dd,
    )


def _gradient(batch: Batch, slopes: Slopes) -> Array:
    parts = [project(batch, slopes.m), row_sum(slopes.t)[:, None], row_sum(slopes.d).T]
    return np.concatenate(parts, axis=1)


def _hessian(batch: Batch, slopes: Slopes) -> Array:
    p = batch.p
    q = p + 1 + len(slopes.d)
    found = np.empty((len(batch.y), q, q))
    found[:, :p, :p] = cross(batch, slopes.mm)
    found[:, :p, p] = found[:, p, :p] = project(batch, slopes.mt)
    found[:, p, p] = row_sum(slopes.tt)
    found[:, p + 1 :, p + 1 :] = np.moveaxis(row_sum(slopes.dd), -1, 0)
    found[:, p, p + 1 :] = found[:, p + 1 :, p] = row_sum(slopes.dt).T
    for place, part in enumerate(slopes.dm, start=p + 1):
        found[:, :p, place] = found[:, place, :p] = project(batch, part)
    return found
