"""Degrees of freedom of cluster-robust tests, from the moments of the variance under the working model.

The robust variance of `L beta` is a sum over clusters of outer products of jointly normal vectors. Cluster j's and
cluster k's covary by `P_jk = own_j (j = k) - shared_j shared_k'`: a diagonal part and one of rank p. All moments are
sums over clusters of small products; the array over pairs of clusters is never formed.
"""

from dataclasses import dataclass

import numpy as np

from analysis.covariance import Blocks
from analysis.results import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class SandwichMoments:
    """`own` and `shared`, both (J, q, ...) for q combinations of coefficients: (J, q, q) and (J, q, p)."""

    own: Array
    shared: Array


def sandwich_moments(factors: Blocks, basis: Blocks, back: Array) -> SandwichMoments:
    """Moments of all coefficients, from `score_factors` (J, p, n) and the whitened basis (J, n, p) of every size."""
    turned = [back @ part for part in factors]
    return SandwichMoments(
        own=np.concatenate([part @ np.swapaxes(part, 1, 2) for part in turned]),
        shared=np.concatenate([part @ other for part, other in zip(turned, basis, strict=True)]),
    )


def combine(moments: SandwichMoments, L: Array) -> SandwichMoments:
    """Moments of the combinations `L` (q, p)."""
    return SandwichMoments(own=L @ moments.own @ L.T, shared=L @ moments.shared)


def satterthwaite_df(moments: SandwichMoments, L: Array) -> Array:
    """Degrees of freedom of every row of `L` (m, p) by itself, (m,).

    `(tr P)^2 / tr P^2` (Satterthwaite 1946; Bell & McCaffrey 2002, Surv. Methodol. 28(2), 169-181; Pustejovsky &
    Tipton 2018, J. Bus. Econ. Stat. 36(4), 672-683). Not a number where the variance is zero.
    """
    own = np.einsum("mp,jpq,mq->mj", L, moments.own, L, optimize=True)
    shared = np.moveaxis(L @ moments.shared, 1, 0)
    squares = (shared**2).sum(-1)
    inner = np.swapaxes(shared, 1, 2) @ shared
    trace = own.sum(1) - squares.sum(1)
    total = (own**2).sum(1) - 2.0 * (own * squares).sum(1) + (inner**2).sum((1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        ddf: Array = trace**2 / total
    return ddf


def hotelling_df(moments: SandwichMoments, L: Array) -> float:
    """Degrees of freedom eta of the Wishart law that the robust variance of `L beta` is likened to; `L` is (q, p).

    `eta = q (q + 1) / sum of var(elements)`, of the variance scaled to expectation one (Tipton & Pustejovsky 2015, J.
    Educ. Behav. Stat. 40(6), 604-634, after Zhang; clubSandwich's HTZ). Not a number where that is singular.
    """
    q = len(L)
    given = combine(moments, L)
    expected = given.own.sum(0) - np.einsum("jsa,jta->st", given.shared, given.shared)
    values, vectors = np.linalg.eigh((expected + expected.T) / 2.0)
    if not values[0] > values[-1] * np.finfo(float).eps * q:
        return float("nan")
    scaled = combine(given, (vectors / np.sqrt(values)) @ vectors.T)
    return float(q * (q + 1) / _total_variance(scaled))


def _total_variance(scaled: SandwichMoments) -> float:
    """Sum over s, t of the variance of element (s, t): of `<P_ss, P_tt> + <P_st, P_ts>`, over pairs of clusters."""
    own, shared = scaled.own, scaled.shared
    plain = np.diagonal(own, axis1=1, axis2=2)
    lengths = shared @ np.swapaxes(shared, 1, 2)
    squares = np.diagonal(lengths, axis1=1, axis2=2)
    crossed = np.einsum("jsa,jtb->stab", shared, shared, optimize=True)
    # <P_ss, P_tt>; the outer products over s and t are sums of squares of sums.
    total = (plain.sum(1) ** 2).sum() - 2.0 * (plain.sum(1) * squares.sum(1)).sum() + (crossed**2).sum()
    # <P_st, P_ts>
    total += (own**2).sum() - 2.0 * (own * lengths).sum() + (crossed * np.swapaxes(crossed, 2, 3)).sum()
    return float(total)
