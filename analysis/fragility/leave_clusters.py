"""A model of independent effects without each study that gave several of them: deletion diagnostics by cluster.

As metafor's `rstudent`, `cooks.distance` and `dfbetas` with `cluster` (Viechtbauer & Cheung 2010, Res. Synth. Methods
1(2), 112-125); the Baujat coordinates as in `frequentist.mixed_influence`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from analysis.covariance import group_effects
from analysis.errors import ModelError
from analysis.fragility.subsets import check_effects, fit_model, fit_subsets
from analysis.results import Array, BoolArray, Design, Fit

# Directions of the design that a cluster spans less than this share of are not its own.
SPANNED = 1e-9
# A residual below this is rounding error.
ZERO_RESIDUAL = 100 * np.finfo(float).eps


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterInfluence:
    """The model without each of J clusters of k effects; not a number where it cannot be fitted without one.

    Attributes
    ----------
    keep : (J, k)
        False for the effects left out; clusters in order of first appearance.
    full, fits : Fit
        Of all effects, and `(J, ...)` without each cluster.
    rstudent : (k,)
        Effect less what the model without its cluster predicts, over its standard error.
    X2, X2_pval : (J,)
        Chi-squared statistic of a cluster's deleted residuals together, df its effects, and its p value.
    cook_d : (J,)
    dfbs : (J, p)
        Change of each coefficient in its standard errors at the between-study variance without the cluster.
    baujat_x, baujat_y : (J,)
        Contribution to heterogeneity; influence on the cluster's own predicted means.
    """

    keep: BoolArray
    full: Fit
    fits: Fit
    rstudent: Array
    X2: Array
    X2_pval: Array
    cook_d: Array
    dfbs: Array
    baujat_x: Array
    baujat_y: Array
    notes: tuple[str, ...]


def influence_of_clusters(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
) -> ClusterInfluence:
    """Compute deletion diagnostics of every cluster from one batch of refits.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    cluster : (k,)
        Identifier of the study of every effect.
    X, method, test, level, weights
        As in `leave1out`.

    Raises
    ------
    ModelError
        All effects in one cluster, or a model that the effects cannot carry.
    """
    y, v = check_effects(yi, vi)
    clusters = group_effects(cluster)
    if clusters.number < 2:
        raise ModelError("all effects come from one study, so nothing is left without it.")
    keep = clusters.codes != np.arange(clusters.number)[:, None]
    full = fit_model(y, v, X, method=method, test=test, level=level, weights=weights)
    fits = fit_subsets(y, v, keep, X, method=method, test=test, level=level, weights=weights)
    design = np.ones((len(y), 1)) if X is None else (X.X if isinstance(X, Design) else np.asarray(X, dtype=float))
    change = full.beta - fits.beta
    held, scale = _held_variance(design, v, fits.tau2, weights), _scale(fits)
    e = y - design @ full.beta
    rstudent, X2, moved = _residuals(y, v, design, keep, full, fits)
    size = (~keep).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        dfbs = change / np.sqrt(scale[:, None] * held)
    return ClusterInfluence(
        keep=keep,
        full=full,
        fits=fits,
        rstudent=rstudent,
        X2=X2,
        X2_pval=np.asarray(chdtrc(size.astype(float), X2)),
        cook_d=np.vecdot(change @ np.linalg.pinv(full.vb, hermitian=True), change),
        dfbs=dfbs,
        baujat_x=np.bincount(clusters.codes, e**2 / (v + float(full.tau2))),
        baujat_y=moved,
        notes=fits.notes,
    )


def _scale(fits: Fit) -> Array:
    """The factor on the covariance of the coefficients: one but for Knapp & Hartung's tests."""
    if fits.test in ("z", "t"):
        return np.ones_like(fits.s2w)
    return np.maximum(fits.s2w, 1.0) if fits.test == "adhoc" else fits.s2w


def _held_variance(X: Array, v: Array, tau2: Array, weights: ArrayLike | None) -> Array:
    """Variance of the coefficients of all effects at the between-study variance without a cluster, (J, p)."""
    total = v + tau2[:, None]
    if weights is not None:
        w = np.broadcast_to(np.asarray(weights, dtype=float), v.shape)[:, None]
        return np.asarray(total @ _weighted(X, w) ** 2)
    found = np.full((len(tau2), X.shape[1]), np.nan)
    known = np.isfinite(tau2)
    gram = np.einsum("nk,kp,kq->npq", 1.0 / total[known], X, X, optimize=True)
    found[known] = np.diagonal(np.linalg.pinv(gram, hermitian=True), axis1=1, axis2=2)
    return found


def _weighted(X: Array, w: Array) -> Array:
    """Rows that times the effects are the weighted coefficients, (k, p)."""
    rows: Array = (w * X) @ np.linalg.pinv(X.T @ (w * X), hermitian=True)
    return rows


def _residuals(y: Array, v: Array, X: Array, keep: BoolArray, full: Fit, fits: Fit) -> tuple[Array, Array, Array]:
    """Deleted residuals over their standard errors (k,), their chi-squared (J,), and the Baujat influence (J,)."""
    z, X2, moved = np.full(len(y), np.nan), np.full(len(keep), np.nan), np.full(len(keep), np.nan)
    scale = _scale(fits)
    for one in np.flatnonzero(np.isfinite(fits.beta).all(-1) & np.isfinite(fits.vb).all((-2, -1))):
        out = ~keep[one]
        spread = X[out] @ fits.vb[one] @ X[out].T
        covariance = np.diag((v[out] + fits.tau2[one]) * scale[one]) + spread
        own = np.diagonal(covariance)
        # Effects that all agree have no variance by Knapp and Hartung's tests: nothing is beyond it.
        if not (own > 0.0).all():
            continue
        e = y[out] - X[out] @ fits.beta[one]
        e[np.abs(e) < ZERO_RESIDUAL] = 0.0
        z[out] = e / np.sqrt(own)
        X2[one] = e @ np.linalg.solve(covariance, e)
        moved[one] = _in_span(X[out], fits.beta[one] - full.beta, fits.vb[one])
    return z, X2, moved


def _in_span(X: Array, change: Array, vb: Array) -> float:
    """`d' N (N' S N)^-1 N' d`, N an orthonormal basis of the directions that the rows of X span."""
    _, singular, directions = np.linalg.svd(X, full_matrices=False)
    N = directions[singular > SPANNED * singular[0]].T
    d = N.T @ change
    return float(d @ np.linalg.pinv(N.T @ vb @ N, hermitian=True) @ d)
