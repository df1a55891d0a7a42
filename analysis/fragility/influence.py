"""What each study does to a fitted model: deletion diagnostics of metafor's `influence`, and the Baujat plot.

Viechtbauer & Cheung (2010), Res. Synth. Methods 1(2), 112-125; Baujat, Mahe, Pignon & Hill (2002), Stat. Med. 21(18),
2641-2652.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtr

from analysis.fragility.leave_out import LeaveOneOut, leave1out
from analysis.results import Array, BoolArray, Design, Fit
from analysis.vocabulary import MAX_COOK_PROBABILITY, MAX_DFBETAS, MAX_DFFITS, MAX_HAT, MIN_K_FUNNEL_ASYMMETRY

# A residual below this is rounding error.
ZERO_RESIDUAL = 100 * np.finfo(float).eps


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """Deletion diagnostics of k effects, in metafor's words.

    Attributes
    ----------
    resid, rstudent : (k,)
        Effect less what the model without it predicts, in units of the measure, and the same over its standard error.
    dffits : (k,)
        Change of the effect's fitted value when it is deleted, in standard errors.
    cook_d : (k,)
        Squared Mahalanobis distance between the coefficients with and without the effect.
    cov_r : (k,)
        Determinant of the covariance of the coefficients without the effect, over that with it.
    tau2_del, qe_del : (k,)
        Between-study variance and residual heterogeneity without the effect.
    hat : (k,)
        Diagonal of the hat matrix.
    weight : (k,)
        Per cent.
    dfbs : (k, p)
        Change of each coefficient in its standard errors.
    is_infl : (k,)
        Whether any rule of `vocabulary` (MAX_DFFITS, MAX_COOK_PROBABILITY, MAX_HAT, MAX_DFBETAS) is broken.
    fit : Fit
        Of all effects.
    notes : tuple of str
    """

    resid: Array
    rstudent: Array
    dffits: Array
    cook_d: Array
    cov_r: Array
    tau2_del: Array
    qe_del: Array
    hat: Array
    weight: Array
    dfbs: Array
    is_infl: BoolArray
    fit: Fit
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baujat:
    """The Baujat plot: `x` (k,), contribution to heterogeneity (squared Pearson residual); `y` (k,), influence."""

    x: Array
    y: Array
    notes: tuple[str, ...]


def influence(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    method: str = "REML",
    test: str = "z",
    weights: ArrayLike | None = None,
) -> Influence:
    """Compute deletion diagnostics of every effect from one batch of refits.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    X : (k, p) or Design, optional
        Moderators, with the column of the intercept.
    method, test, weights
        As in `fit_random_effects`.

    Returns
    -------
    Influence
        Not a number where the model cannot be fitted without the effect.

    Raises
    ------
    TooFewStudiesError, ImpossibleValueError, RankDeficientError, ModelError
    """
    deleted = leave1out(yi, vi, X, method=method, test=test, weights=weights)
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    design = _matrix(X, len(y))
    full, fits = deleted.full, deleted.fits
    w, projector = _projector(design, v, full, weights)
    hat = np.vecdot(design, projector)
    scale, delpred = _scale(fits), np.vecdot(design, fits.beta)
    vdelpred = np.einsum("kp,kpq,kq->k", design, fits.vb, design)
    resid = np.where(np.abs(y - delpred) < ZERO_RESIDUAL, 0.0, y - delpred)
    change = full.beta - fits.beta
    with np.errstate(divide="ignore", invalid="ignore"):
        rstudent = resid / np.sqrt((v + fits.tau2) * scale + vdelpred)
        spread = scale * _fitted_variance(design, projector, v, fits.tau2, hat, plain=weights is None)
        dffits = (design @ full.beta - delpred) / np.sqrt(spread)
        variance = _coefficient_variance(design, projector, v, fits.tau2, plain=weights is None)
        dfbs = change / np.sqrt(scale[:, None] * variance)
        cook_d = np.vecdot(change @ np.linalg.pinv(full.vb, hermitian=True), change)
        cov_r = np.linalg.det(fits.vb) / np.linalg.det(full.vb)
    return Influence(
        resid=resid,
        rstudent=rstudent,
        dffits=dffits,
        cook_d=cook_d,
        cov_r=cov_r,
        tau2_del=fits.tau2,
        qe_del=fits.qe,
        hat=hat,
        weight=100.0 * w / w.sum(),
        dfbs=dfbs,
        is_infl=_flags(dffits, cook_d, hat, dfbs),
        fit=full,
        notes=_notes(deleted, len(y)),
    )


def baujat(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    method: str = "REML",
    test: str = "z",
    weights: ArrayLike | None = None,
) -> Baujat:
    """Compute each effect's contribution to heterogeneity and its influence on its own fitted value.

    `x` is the squared Pearson residual (for `method="EE"` the effect's part of Q), `y` the squared change of the fitted
    value when the effect is deleted, over the variance of the prediction without it. Arguments as in `influence`.
    """
    deleted = leave1out(yi, vi, X, method=method, test=test, weights=weights)
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    design, full, fits = _matrix(X, len(y)), deleted.full, deleted.fits
    fitted = design @ full.beta
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = (np.vecdot(design, fits.beta) - fitted) ** 2 / np.einsum("kp,kpq,kq->k", design, fits.vb, design)
    return Baujat(x=(y - fitted) ** 2 / (full.tau2 + v), y=moved, notes=_notes(deleted, len(y)))


def _matrix(X: ArrayLike | Design | None, k: int) -> Array:
    if X is None:
        return np.ones((k, 1))
    return X.X if isinstance(X, Design) else np.asarray(X, dtype=float)


def _projector(X: Array, v: Array, fit: Fit, weights: ArrayLike | None) -> tuple[Array, Array]:
    """Weights w (k,), and the rows `x_i (X'WX)^-1 ... w_i`, (k, p), whose products with X are the hat matrix."""
    w = 1.0 / (v + fit.tau2) if weights is None else np.broadcast_to(np.asarray(weights, dtype=float), v.shape)
    Q, R = np.linalg.qr(np.sqrt(w)[:, None] * X)
    return w, np.sqrt(w)[:, None] * np.linalg.solve(R, Q.T).T


def _fitted_variance(X: Array, projector: Array, v: Array, tau2: Array, hat: Array, *, plain: bool) -> Array:
    """Variance of each fitted value at the between-study variance without the effect, (k,)."""
    if plain:
        return hat * (tau2 + v)
    H = X @ projector.T
    return np.asarray((H**2 * (v + tau2[:, None])).sum(-1))


def _coefficient_variance(X: Array, projector: Array, v: Array, tau2: Array, *, plain: bool) -> Array:
    """Variance of the coefficients of all effects at the between-study variance without one, (k, p)."""
    total = v + tau2[:, None]
    if not plain:
        return np.asarray(total @ projector**2)
    known = np.isfinite(tau2)
    found = np.full((len(v), X.shape[1]), np.nan)
    gram = np.einsum("nk,kp,kq->npq", 1.0 / total[known], X, X, optimize=True)
    size = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
    inverse = np.linalg.pinv(gram / (size[:, :, None] * size[:, None, :]), hermitian=True)
    found[known] = np.diagonal(inverse, axis1=1, axis2=2) / size**2
    return found


def _scale(fit: Fit) -> Array:
    """The factor on the covariance of the coefficients: one but for Knapp & Hartung's tests."""
    if fit.test in ("z", "t"):
        return np.ones_like(fit.s2w)
    return np.maximum(fit.s2w, 1.0) if fit.test == "adhoc" else fit.s2w


def _flags(dffits: Array, cook_d: Array, hat: Array, dfbs: Array) -> BoolArray:
    k, p = dfbs.shape
    limit = MAX_DFFITS * np.sqrt(p / (k - p)) if k > p else np.inf
    beyond = np.where(np.isfinite(cook_d), chdtr(float(p), np.where(np.isfinite(cook_d), cook_d, 0.0)), np.nan)
    return np.asarray(
        (np.abs(dffits) > limit)
        | (beyond > MAX_COOK_PROBABILITY)
        | (hat > MAX_HAT * p / k)
        | (np.abs(dfbs) > MAX_DFBETAS).any(-1)
    )


def _notes(deleted: LeaveOneOut, k: int) -> tuple[str, ...]:
    said = deleted.notes
    if k < MIN_K_FUNNEL_ASYMMETRY:
        said += (
            f"{k} studies are fewer than {MIN_K_FUNNEL_ASYMMETRY}: every one of them weighs heavily, so a flag is no "
            "reason to exclude it.",
        )
    return said
