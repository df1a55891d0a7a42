"""Nodes of the integrals behind averaging over selection models, and the likelihoods on them.

Integrands are analytic and fall off at both ends, so that equal steps in a stretched variable (the trapezoidal rule)
converge exponentially: `mu = m + s sinh(x)` around the fixed-effect mean, and `log tau`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, logsumexp

from analysis.fragility.selection_weights import Cells, cell_derivatives, cells_of
from analysis.results import Array, IntArray

LOG_2PI = float(np.log(2.0 * np.pi))
# Steps of the stretched mean, and of log tau in units of the narrowest it can be determined.
MEAN_STEP, TAU_STEP, WIDEST_TAU_STEP = 0.12, 0.6, 0.2
# Standard deviations of the prior that are covered, beyond the effects.
REACH = 9.0
# Logs below the highest node at which nodes are dropped.
DEPTH = 34.0
# Gauss-Legendre nodes by number of weights, and for the slope of PET and PEESE.
WEIGHT_NODES, SLOPE_NODES = {1: 48, 2: 28, 3: 16}, 200
# Nodes of mean and tau worked at in one go.
CHUNK = 64


class Grid(NamedTuple):
    """Nodes of one parameter, (n,), and logs of quadrature weight times prior density."""

    value: Array
    log_weight: Array


SPIKE = Grid(np.zeros(1), np.zeros(1))


def mean_grid(yi: Array, vi: Array, prior_sd: float) -> Grid:
    """A normal prior around zero on the mean."""
    precision = float((1.0 / vi).sum())
    centre, scale = float((yi / vi).sum()) / precision, precision**-0.5
    far = REACH * prior_sd + abs(centre)
    last = np.ceil(np.arcsinh(far / scale) / MEAN_STEP)
    x = MEAN_STEP * np.arange(-last, last + 1.0)
    mu = centre + scale * np.sinh(x)
    log_prior = -0.5 * (mu / prior_sd) ** 2 - np.log(prior_sd) - 0.5 * LOG_2PI
    return Grid(mu, log_prior + np.log(MEAN_STEP * scale * np.cosh(x)))


def tau_grid(yi: Array, vi: Array, shape: float, scale: float) -> Grid:
    """An inverse gamma prior on tau."""
    k, size = len(yi), float(np.sqrt((yi**2 + vi).max()))
    step = min(TAU_STEP / np.sqrt(k), WIDEST_TAU_STEP)
    # Beyond the size of the effects likelihood and prior fall by more than this power of tau.
    low, high = np.log(scale / 45.0), np.log(max(scale, size)) + 42.0 / (shape + 0.5 * k)
    u = np.arange(low, high + step, step)
    log_prior = shape * np.log(scale) - gammaln(shape) - shape * u - scale * np.exp(-u)
    return Grid(np.exp(u), log_prior + np.log(step))


def plain_log_likelihood(yi: Array, vi: Array, mu: Array, tau: Array) -> Array:
    """Log-likelihood of nodes of mean and tau without selection, (M, T)."""
    w = 1.0 / (vi + tau[:, None] ** 2)
    square = (w * yi**2).sum(1) - 2.0 * mu[:, None] * (w * yi).sum(1) + mu[:, None] ** 2 * w.sum(1)
    return np.asarray(0.5 * (np.log(w).sum(1) - len(yi) * LOG_2PI) - 0.5 * square)


def weighted_log_likelihood(
    yi: Array, vi: Array, grids: tuple[Grid, Grid], steps: Sequence[float], two_sided: bool, own: IntArray
) -> Array:
    """Log-likelihood (M, T) with weights of publication integrated out; -inf where it cannot matter.

    Weights fall from 1 with the p value, ordered uniforms: the cumulative Dirichlet(1, ..., 1) prior of Maier, Bartos &
    Wagenmakers (2023). `own` (k,) is the interval of each effect's p value.
    """
    mean, tau = grids
    base = plain_log_likelihood(yi, vi, mean.value, tau.value)
    weights, log_mass = ordered_weights(len(steps) - 1)
    counts = np.bincount(own, minlength=len(steps))
    log_mass = log_mass + np.log(weights) @ counts
    few = np.argsort(-log_mass)[:: max(1, len(log_mass) // 24)]
    cells = cells_of(steps, two_sided)
    places = np.stack(np.meshgrid(range(base.shape[0]), range(base.shape[1]), indexing="ij"), -1).reshape(-1, 2)
    prior = (base + mean.log_weight[:, None] + tau.log_weight).reshape(-1)
    # A sketch on every so many of the heaviest weight nodes tells where the whole integrand matters.
    sketch = _over_weights(cells, vi, mean.value, tau.value, places, weights[few], log_mass[few])
    total = prior + sketch
    keep = total >= total.max() - DEPTH
    found = np.full(len(places), -np.inf)
    found[keep] = _over_weights(cells, vi, mean.value, tau.value, places[keep], weights, log_mass)
    return np.asarray(base + found.reshape(base.shape))


def _over_weights(
    cells: Cells, vi: Array, mu: Array, tau: Array, places: IntArray, weights: Array, log_mass: Array
) -> Array:
    """Log of the integral over weights of the product of w / A, at nodes `places` (n, 2)."""
    sei = np.sqrt(vi)
    found = np.empty(len(places))
    edges = [*range(0, len(places), CHUNK), len(places)]
    for low, high in pairwise(edges):
        row, column = places[low:high].T
        mean = np.broadcast_to(mu[row][:, None], (high - low, len(vi)))
        by_cell = cell_derivatives(cells, sei, mean, vi + tau[column][:, None] ** 2)[0]
        parts = np.stack([by_cell[cells.step == j].sum(0) for j in range(weights.shape[1])], -1)
        log_a = _log_product(parts, weights)
        found[low:high] = logsumexp(log_mass - log_a, axis=1)
    return found


def _log_product(parts: Array, weights: Array) -> Array:
    """Sum over effects of log A, (n, W): a few products at a time need fewer logarithms."""
    total = np.zeros((len(parts), len(weights)))
    for start in range(0, parts.shape[1], 8):
        total += np.log((parts[:, start : start + 8] @ weights.T).prod(1))
    return total


def ordered_weights(number: int) -> tuple[Array, Array]:
    """Nodes (W, number + 1) over 1 >= w2 >= w3 ..., uniform, and logs of their quadrature weights times density."""
    points, shares = np.polynomial.legendre.leggauss(WEIGHT_NODES.get(number, 10))
    # A weight near zero is where 1 / A bends (A is small there): nodes gather towards it, t = s^3.
    s = 0.5 * (points + 1.0)
    t, share = s**3, 1.5 * s**2 * shares
    axes = np.stack(np.meshgrid(*[t] * number, indexing="ij"), -1).reshape(-1, number)
    mass = np.stack(np.meshgrid(*[share] * number, indexing="ij"), -1).reshape(-1, number).prod(1)
    # w2 = t1, w3 = t1 t2, ...: the Jacobian, times the density (number)! of ordered uniforms.
    jacobian = (axes ** np.arange(number - 1, -1, -1)).prod(1) * np.exp(gammaln(number + 1.0))
    return np.concatenate([np.ones((len(axes), 1)), np.cumprod(axes, axis=1)], axis=1), np.log(mass * jacobian)


def regression_log_likelihood(yi: Array, vi: Array, grids: tuple[Grid, Grid], x: Array, scale: float) -> Array:
    """Log-likelihood (M, T) of effects `mu + b x_i`, b integrated out under a half-Cauchy prior of this scale.

    In `t = (2 / pi) atan(b / scale)` the prior is uniform on (0, 1).
    """
    mean, tau = grids
    points, shares = np.polynomial.legendre.leggauss(SLOPE_NODES)
    b = scale * np.tan(0.25 * np.pi * (points + 1.0))
    w = 1.0 / (vi + tau.value[:, None] ** 2)
    e = yi - mean.value[:, None]
    wxx = w @ (x * x)
    ex = e @ (w * x).T
    base = plain_log_likelihood(yi, vi, mean.value, tau.value)
    square = -2.0 * b * ex[..., None] + b**2 * wxx[:, None]
    return np.asarray(base + logsumexp(-0.5 * square + np.log(0.5 * shares), axis=-1))
