"""Tests of moderators by a cluster wild bootstrap, for when clusters are few."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import BlockCovariance, Blocks, group_effects
from analysis.errors import ModelError
from analysis.frequentist.sandwich import WhitenedDesign, adjustments, score_factors, whiten, whiten_design
from analysis.frequentist.satterthwaite import combine, sandwich_moments
from analysis.results import Array
from analysis.vocabulary import MAX_CLUSTERS_ENUMERATED, ROBUST_KINDS, WILD_WEIGHTS

# Observed statistics count as reached by drawn ones that differ from them by rounding alone.
TIE = 1e-9
# Numbers held at once: draws are worked off in portions of this many (draws x clusters x constraints).
PORTION = 4_000_000
WEBB = np.sqrt([0.5, 1.0, 1.5])


@dataclass(frozen=True, slots=True, kw_only=True)
class WildBootstrapTest:
    """Bootstrap p value of a joint hypothesis.

    Attributes
    ----------
    stat : float
        Wald statistic by the number of constraints, with the robust variance of `kind`.
    df : int
        Constraints.
    pval : float
    draws : int
        Arrangements used.
    exact : bool
        They are all there are.
    weights, kind, residuals : str
        As asked for.
    n_clusters : int
    notes : tuple of str
    """

    stat: float
    df: int
    pval: float
    draws: int
    exact: bool
    weights: str
    kind: str
    residuals: str
    n_clusters: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Null:
    """The data under the null, by cluster.

    `moved` (J, p) is what cluster j adds to the coefficients of the basis when its residual keeps its sign, `scored`
    (J, q) what it adds to its own score, `shared` (J, q, p) what the coefficients take from every score.
    """

    combine: Array
    moved: Array
    scored: Array
    shared: Array


def cluster_wild_bootstrap(
    yi: ArrayLike,
    X: ArrayLike,
    marginal: BlockCovariance,
    cluster: ArrayLike,
    L: ArrayLike,
    *,
    seed: int,
    draws: int = 1999,
    weights: str = "rademacher",
    kind: str = "CR2",
    residuals: str = "CR0",
) -> WildBootstrapTest:
    """Test `L beta = 0`: residuals under the null, times one random weight per cluster, refitted and tested anew.

    The model is fitted with the null imposed, its residuals are multiplied by weights of mean 0 and variance 1, and the
    full model is fitted to every such data set (Joshi, Pustejovsky & Beretvas 2022, Res. Synth. Methods 13(4),
    457-477; Cameron, Gelbach & Miller 2008, Rev. Econ. Stat. 90(3), 414-427). The working covariance is that of the
    data in all of them: variance components are not estimated again, which a robust variance does not need.

    Parameters
    ----------
    yi : (k,)
    X : (k, p)
    marginal : BlockCovariance
        The model's covariance of the effects; its inverse are the weights.
    cluster : (k,)
    L : (q, p)
        Constraints.
    seed : int
    draws : int
        Random arrangements. With Rademacher weights and no more than `MAX_CLUSTERS_ENUMERATED` clusters all are used
        instead.
    weights : str
        Of `WILD_WEIGHTS`: rademacher (-1, 1), mammen (two points, skewed) or webb (six points, for very few clusters).
    kind : str
        Robust variance of the statistic, of `ROBUST_KINDS`.
    residuals : str
        CR0: as they are; CR2: adjusted for the leverage of their cluster under the null.

    Returns
    -------
    WildBootstrapTest

    Raises
    ------
    ModelError
        An unknown word, one cluster, redundant constraints, arrays that do not fit, or a singular robust variance.
    """
    _refuse_unknown(weights, kind, residuals, draws)
    y, design, rows = np.asarray(yi, float), np.asarray(X, float), np.atleast_2d(np.asarray(L, float))
    if design.ndim != 2 or y.shape != design.shape[:1] or rows.shape[1] != design.shape[1]:
        raise ModelError(
            f"yi has shape {y.shape}, X {design.shape}, L {rows.shape}. Give X one row per effect, L one column per "
            "column of X."
        )
    clusters = group_effects(cluster)
    if clusters.number < 2:
        raise ModelError("all effects lie in one cluster, which says nothing of differences between clusters.")
    white = whiten_design(design, marginal, clusters)
    observed, null = _prepare(white, whiten(white.roots, clusters, y), rows, kind, residuals)
    exact = weights == "rademacher" and clusters.number <= MAX_CLUSTERS_ENUMERATED
    arranged = _all_signs(clusters.number) if exact else _drawn(weights, draws, clusters.number, seed)
    reached = sum(int((_statistics(null, part) >= observed * (1.0 - TIE)).sum()) for part in _portions(arranged, rows))
    # The data themselves are among all arrangements of unadjusted residuals; else they count as one more.
    more = 0 if exact and residuals == "CR0" else 1
    return WildBootstrapTest(
        stat=observed,
        df=len(rows),
        pval=(reached + more) / (len(arranged) + more),
        draws=len(arranged),
        exact=exact,
        weights=weights,
        kind=kind,
        residuals=residuals,
        n_clusters=clusters.number,
        notes=_notes(exact, clusters.number, len(arranged)),
    )


def _refuse_unknown(weights: str, kind: str, residuals: str, draws: int) -> None:
    for given, known in ((weights, WILD_WEIGHTS), (kind, ROBUST_KINDS), (residuals, ("CR0", "CR2"))):
        if given not in known:
            raise ModelError(f"{given} is not known to the wild bootstrap. Use one of {', '.join(known)}.")
    if draws < 1:
        raise ModelError(f"{draws} draws cannot give a p value. Ask for at least 1.")


def _prepare(white: WhitenedDesign, y: Blocks, L: Array, kind: str, residuals: str) -> tuple[float, _Null]:
    """The observed statistic, and what the bootstrap needs; `y` are whitened effects."""
    K = L @ white.back
    full, R = np.linalg.qr(K.T, mode="complete")
    q = len(L)
    if q > K.shape[1] or (np.abs(np.diagonal(R)) <= 1e-9 * np.linalg.norm(K, axis=1)).any():
        raise ModelError("the constraints are redundant or too many. Give each hypothesis once.")
    allowed = full[:, q:]
    b = np.asarray(sum(np.einsum("jnp,jn->p", part, one) for part, one in zip(white.basis, y, strict=True)))
    errors = [one - part @ (allowed @ (allowed.T @ b)) for part, one in zip(white.basis, y, strict=True)]
    if residuals == "CR2" and allowed.shape[1]:
        adjusted, _ = adjustments(white.roots, tuple(part @ allowed for part in white.basis))
        errors = [(turn @ error[..., None])[..., 0] for turn, error in zip(adjusted, errors, strict=True)]
    factors, _ = score_factors(white, kind)
    moments = combine(sandwich_moments(factors, white.basis, white.back), L)
    null = _Null(
        combine=K,
        moved=np.concatenate(
            [np.einsum("jnp,jn->jp", part, one) for part, one in zip(white.basis, errors, strict=True)]
        ),
        scored=np.concatenate([K @ turn @ error[..., None] for turn, error in zip(factors, errors, strict=True)])[
            ..., 0
        ],
        shared=moments.shared,
    )
    plain = [one - part @ b for part, one in zip(white.basis, y, strict=True)]
    scores = np.concatenate([K @ turn @ error[..., None] for turn, error in zip(factors, plain, strict=True)])[..., 0]
    return _observed(K @ b, scores.T @ scores), null


def _observed(estimate: Array, variance: Array) -> float:
    if np.linalg.matrix_rank(variance, hermitian=True) < len(estimate):
        raise ModelError("the robust variance of the constraints is singular: too few clusters. Test fewer at once.")
    return float(estimate @ np.linalg.solve(variance, estimate)) / len(estimate)


def _statistics(null: _Null, arranged: Array) -> Array:
    """Statistics, (D,), for weights (D, J).

    With `eta_j` the weight of cluster j, coefficients are the sum of `eta_j moved_j`, and its score `eta_j scored_j`
    less `shared_j` times the coefficients, because the hat matrix of the full model is `U U'`. Infinite where a
    variance is singular, which counts as reached: the cautious side.
    """
    b = arranged @ null.moved
    J, q, p = null.shared.shape
    scores = arranged[:, :, None] * null.scored - (b @ null.shared.reshape(J * q, p).T).reshape(-1, J, q)
    variance = np.swapaxes(scores, 1, 2) @ scores
    estimate = b @ null.combine.T
    if q == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Array = np.square(estimate[:, 0]) / variance[:, 0, 0]
        return np.where(np.isnan(ratio), np.inf, ratio)
    good = np.linalg.matrix_rank(variance, hermitian=True) == q
    safe = np.where(good[:, None, None], variance, np.eye(q))
    wald = (np.linalg.solve(safe, estimate[..., None])[..., 0] * estimate).sum(-1) / q
    statistics: Array = np.where(good, wald, np.inf).astype(float)
    return statistics


def _all_signs(number: int) -> Array:
    """Half of all vectors of signs, (2^(number - 1), number): the other half gives the same statistics."""
    bits = (np.arange(2 ** (number - 1))[:, None] >> np.arange(number)) & 1
    return np.where(bits == 1, -1.0, 1.0)


def _drawn(weights: str, draws: int, number: int, seed: int) -> Array:
    """Random weights of mean 0 and variance 1, (draws, number)."""
    random = np.random.default_rng(seed)
    if weights == "rademacher":
        return random.choice(np.array([-1.0, 1.0]), (draws, number))
    if weights == "webb":
        return random.choice(np.concatenate([-WEBB, WEBB]), (draws, number))
    root = math.sqrt(5.0)
    low = random.random((draws, number)) < (root + 1.0) / (2.0 * root)
    return np.where(low, (1.0 - root) / 2.0, (1.0 + root) / 2.0)


def _portions(arranged: Array, L: Array) -> list[Array]:
    size = max(1, PORTION // (arranged.shape[1] * len(L)))
    return [arranged[start : start + size] for start in range(0, len(arranged), size)]


def _notes(exact: bool, number: int, arrangements: int) -> tuple[str, ...]:
    if not exact:
        return ()
    return (
        f"With {number} clusters there are 2^{number} vectors of signs; all were used ({arrangements} that differ), so "
        f"the p value is exact for them and cannot be below 1/{arrangements}.",
    )
