"""The beta weight function of publication (Citkowicz & Vevea 2017), integrated by Gauss-Legendre quadrature.

In z = y / sei the marginal law of an effect is never narrower than a standard normal, and the weight is one function
for all effects, so that a fixed grid of panels serves any data.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.fragility.selection_weights import LOG_ROOT_2PI, Cells, Seen, cell_derivatives
from analysis.results import Array, BoolArray, IntArray

# p values nearer to 0 or 1 count as this one in a beta weight function, which has no bound there (metafor: pval.min).
P_NEAREST = 1e-5
# Gauss-Legendre nodes for a beta weight function; panels are narrower than the sharpest weight within its bounds.
NODES, PANELS = 16, 10
# Panels on each side of zero where p is two-sided: they shrink towards zero, where the weight may have a pole.
GRADED_PANELS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaWeights:
    """Weights `p^(delta1 - 1) (1 - p)^(delta2 - 1)` (Citkowicz & Vevea 2017, eq. 5), integrated by quadrature.

    Attributes
    ----------
    two_sided : whether p values are.
    given : (2,)
        Parameters known beforehand, not-a-number where to be estimated.
    sei : (B, k)
    log_p, log_q : (B, k)
        Logs of p and 1 - p of the observed effects, kept off 0 and 1 by `P_NEAREST`.
    """

    two_sided: bool
    given: Array
    sei: Array
    log_p: Array
    log_q: Array

    @property
    def free(self) -> int:
        """Parameters to estimate."""
        return int(np.isnan(self.given).sum())

    def take(self, index: IntArray | BoolArray) -> "BetaWeights":
        """Select data sets."""
        return replace(self, sei=self.sei[index], log_p=self.log_p[index], log_q=self.log_q[index])

    def seen(self, mu: Array, variance: Array, delta: Array) -> Seen:
        """A and its derivatives are integrals over z of one weight times derivatives of the normal density."""
        places = np.flatnonzero(np.isnan(self.given))
        power = np.where(np.isnan(self.given), 1.0, self.given) * np.ones((len(delta), 1))
        power[:, places] = delta
        z, measure, log_p, log_q = beta_nodes(self.two_sided)
        log_w = (power[:, :1] - 1.0) * log_p + (power[:, 1:] - 1.0) * log_q
        top = log_w.max(1, keepdims=True)
        weight = np.exp(log_w - top)
        logs = (np.array([log_p, log_q])[places], np.array([self.log_p, self.log_q])[places])
        density = _mass_derivatives(z, measure, self.sei, mu, variance)
        a = np.einsum("nbkz,bz->nbk", density, weight, optimize=True)
        a[0, a[0] <= 0.0] = np.nan
        first = [np.einsum("nbkz,bz->nbk", density[:3], weight * one, optimize=True) / a[0] for one in logs[0]]
        second = [
            [np.einsum("bkz,bz->bk", density[0], weight * one * two, optimize=True) / a[0] for two in logs[0]]
            for one in logs[0]
        ]
        shape, count = self.sei.shape, len(places)
        return Seen(
            log_w=(power[:, :1] - 1.0) * self.log_p + (power[:, 1:] - 1.0) * self.log_q - top,
            log_w_delta=logs[1],
            log_w_delta2=np.zeros_like(logs[1]),
            log_a=np.log(a[0]),
            a_mu=a[1:] / a[0],
            a_delta=np.array(first).reshape(count, 3, *shape),
            a_delta2=np.array(second).reshape(count, count, *shape),
        )


class BetaNodes(NamedTuple):
    """Nodes on the z axis (n,), their quadrature weights, and the logs of p and 1 - p there.

    A quadrature weight of not-a-number marks a cell of constant weight that reaches from |z| to infinity, or (where p
    is two-sided) across zero; the normal law integrates it exactly.
    """

    z: Array
    measure: Array
    log_p: Array
    log_q: Array


@cache
def beta_nodes(two_sided: bool, refine: int = 1) -> BetaNodes:
    """Panels where the weight varies, then the cells where it is constant: both tails, or the tails and the middle."""
    edges = _two_sided_edges(refine) if two_sided else _one_sided_edges(refine)
    points, shares = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)[:, None]
    z = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * points).ravel()
    measure = (half * shares).ravel()
    if two_sided:
        z, measure = np.concatenate([-z[::-1], z]), np.concatenate([measure[::-1], measure])
    last = np.array([edges[-1], 0.0 if two_sided else edges[0]])
    z, measure = np.concatenate([z, last]), np.concatenate([measure, [np.nan, np.nan]])
    if two_sided:
        p, q = 2.0 * ndtr(-np.abs(z)), ndtr(np.abs(z)) - ndtr(-np.abs(z))
    else:
        p, q = ndtr(-z), ndtr(z)
    log_p, log_q = (np.log(np.clip(one, P_NEAREST, 1.0 - P_NEAREST)) for one in (p, q))
    return BetaNodes(z, measure, log_p, log_q)


def _one_sided_edges(refine: int) -> Array:
    reach = float(-ndtri(P_NEAREST))
    return np.linspace(-reach, reach, PANELS * refine + 1)


def _two_sided_edges(refine: int) -> Array:
    nearest, reach = float(ndtri(0.5 + P_NEAREST / 2.0)), float(-ndtri(P_NEAREST / 2.0))
    start = np.geomspace(nearest, 1.0, GRADED_PANELS * refine + 1)
    return np.concatenate([start, np.linspace(1.0, reach, 5 * refine + 1)[1:]])


def _mass_derivatives(z: Array, measure: Array, sei: Array, mu: Array, variance: Array) -> Array:
    """Normal mass at every node and its derivatives in mu of order 1 to 4, (5, B, k, n)."""
    root = np.sqrt(variance)[..., None]
    x = (z * sei[..., None] - mu[..., None]) / root
    found = np.empty((5, *x.shape))
    found[0] = np.exp(-0.5 * x * x - LOG_ROOT_2PI) * (sei[..., None] / root) * np.nan_to_num(measure)
    found[1] = found[0] * x / root
    found[2] = found[0] * (x * x - 1.0) / root**2
    found[3] = found[1] * (x * x - 3.0) / root**2
    found[4] = found[0] * (x**4 - 6.0 * x * x + 3.0) / root**4
    found[..., -2:] = _constant_cells(z, sei, mu, variance)
    return found


def _constant_cells(z: Array, sei: Array, mu: Array, variance: Array) -> Array:
    """The last two nodes stand for whole cells: the upper tail and the lower one, or both tails and the middle."""
    outer, inner = float(z[-2]), float(z[-1])
    if inner != 0.0:
        cut = Cells(np.array([inner, outer]), np.arange(3))
        cells = cell_derivatives(cut, sei, mu, variance)
        return np.stack([cells[:, 2], cells[:, 0]], axis=-1)
    nearest = float(ndtri(0.5 + P_NEAREST / 2.0))
    cut = Cells(np.array([-outer, -nearest, nearest, outer]), np.arange(5))
    cells = cell_derivatives(cut, sei, mu, variance)
    return np.stack([cells[:, 0] + cells[:, 4], cells[:, 2]], axis=-1)
