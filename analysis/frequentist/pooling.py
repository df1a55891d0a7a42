"""From weights to a fitted model: coefficients, tests, heterogeneity, likelihood."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from analysis.errors import ModelError, TooFewStudiesError
from analysis.frequentist.laws import critical, scale_of_test, two_sided
from analysis.frequentist.likelihood import log_likelihood, saturated_log_likelihood
from analysis.frequentist.linear import (
    Batch,
    Solution,
    cross,
    invert,
    row_sum,
    solve,
    trace,
    weigh,
)
from analysis.frequentist.tau2 import Tau2, estimate_tau2
from analysis.results import Array, Convergence
from analysis.vocabulary import FIXED_METHODS, METHODS, TESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Coefficients `beta` (B, p) of the design itself, unscaled covariance `vb_z`, RSS / (k - p), and the fit at tau2.

    The residuals of `at` are those of the coefficients, whichever weights gave them.
    """

    beta: Array
    vb_z: Array
    s2w: Array
    at: Solution


def check_choices(batch: Batch, method: str, test: str, weights: Array | None) -> None:
    """Refuse unknown words, GENQ without weights, and data sets with fewer effects than parameters."""
    if method not in METHODS:
        raise ModelError(f'method "{method}" is not known. Use one of {", ".join(METHODS)}.')
    if test not in TESTS:
        raise ModelError(f'test "{test}" is not known. Use one of {", ".join(TESTS)}.')
    if method == "GENQ" and weights is None:
        raise ModelError("method GENQ needs weights. Give weights, one positive number per effect.")
    if weights is not None and not (np.isfinite(weights) & (weights >= 0.0)).all():
        raise ModelError("weights must be finite and not negative. Correct the weights.")
    if batch.shape == ():
        _refuse_too_few(int(batch.k[0]), batch.p, method)


def _refuse_too_few(k: int, p: int, method: str) -> None:
    if k == 1 and p == 1:
        return
    needed = p if method in FIXED_METHODS else p + 1
    if k < needed:
        raise TooFewStudiesError(
            f"{k} effect{'s' if k != 1 else ''} cannot carry {p} coefficient{'s' if p != 1 else ''} under {method}, "
            f"which needs {needed}. Use fewer moderators or more studies."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What a fit consists of before its arrays `(B, ...)` take the shape of the input: see `Fit` for the names."""

    arrays: dict[str, Any]
    words: dict[str, Any]
    convergence: Convergence


def fit_batch(
    batch: Batch,
    *,
    method: str,
    test: str,
    level: float,
    weights: Array | None,
    names: tuple[str, ...],
) -> Pieces:
    """Fit one model to every data set of a batch."""
    check_choices(batch, method, test, weights)
    variance = _variance(batch, method, weights)
    used_test = "z" if batch.y.shape[-1] == 1 or (batch.k.size and (batch.k == 1).all()) else test
    with np.errstate(divide="ignore", invalid="ignore"):
        arrays = assemble(
            batch, variance, pool(batch, variance, weights), method=method, test=used_test, level=level, names=names
        )
    words = {
        "method": method,
        "test": used_test,
        "dist": "z" if used_test == "z" else "t",
        "level": level,
        "names": names,
        "p": batch.p,
        "qm_df": len(_tested(names, batch.p)),
    }
    return Pieces(arrays=arrays, words=words, convergence=variance.convergence)


def _variance(batch: Batch, method: str, weights: Array | None) -> Tau2:
    """tau2, with a lone effect treated as metafor does: no heterogeneity to estimate."""
    needed = batch.p if method in FIXED_METHODS else batch.p + 1
    usable = batch.k >= needed
    if usable.all():
        return estimate_tau2(batch, method, weights)
    lone = (batch.k == 1) & (batch.p == 1)
    tau2, se = np.where(lone, 0.0, np.nan), np.full(batch.k.shape, np.nan)
    good, steps, edge = lone.copy(), np.zeros(batch.k.shape, dtype=int), lone.copy()
    if usable.any():
        part = estimate_tau2(batch.take(usable), method, None if weights is None else weights[usable])
        tau2[usable], se[usable] = part.tau2, part.se_tau2
        good[usable], steps[usable] = (
            part.convergence.converged,
            part.convergence.iterations,
        )
        edge[usable] = part.convergence.at_boundary
    return Tau2(
        tau2=tau2,
        se_tau2=se,
        convergence=Convergence(converged=good, iterations=steps, at_boundary=edge),
    )


def pool(batch: Batch, variance: Tau2, weights: Array | None = None) -> Coefficients:
    """Weighted least squares by inverse variances, or by given weights with the sandwich that belongs to them."""
    at = variance.at or solve(batch, weigh(batch, variance.tau2))
    # Effects that agree to rounding error have no scatter to scale by.
    rss = np.vecdot(at.w * at.e, at.e)
    s2w = np.where(rss <= np.finfo(float).eps, 0.0, rss) / np.where(batch.k > batch.p, batch.k - batch.p, np.nan)
    if weights is not None:
        a = weights if batch.m is None else weights * batch.m
        at = _given_weights(batch, a, variance.tau2)._replace(w=at.w)
    if batch.constant:
        return Coefficients(beta=at.b, vb_z=at.inverse, s2w=s2w, at=at)
    back = np.linalg.inv(batch.R)
    beta = (back @ at.b[..., None])[..., 0]
    return Coefficients(beta=beta, vb_z=back @ at.inverse @ np.swapaxes(back, -1, -2), s2w=s2w, at=at)


def _given_weights(batch: Batch, a: Array, tau2: Array) -> Solution:
    """The fit with weights `a`, whose `inverse` is the sandwich covariance of its coefficients."""
    own = solve(batch, a)
    return own._replace(inverse=own.inverse @ cross(batch, a**2 * (batch.v + tau2[:, None])) @ own.inverse)


def assemble(
    batch: Batch,
    variance: Tau2,
    c: Coefficients,
    *,
    method: str,
    test: str,
    level: float,
    names: tuple[str, ...],
) -> dict[str, Any]:
    """Tests, intervals, heterogeneity and likelihood around coefficients that are already there."""
    k, p = batch.k, batch.p
    vb = c.vb_z * scale_of_test(test, c.s2w)[:, None, None]
    se = np.sqrt(np.diagonal(vb, axis1=-2, axis2=-1))
    ddf = np.full(k.shape, np.inf) if test == "z" else np.where(k > p, k - p, np.nan).astype(float)
    stat = c.beta / se
    reach = critical(level, ddf)[:, None] * se
    qm, qm_pval = joint(c.beta, vb, _tested(names, p), ddf)
    qe, qe_pval, i2, h2, vt = _heterogeneity(batch, variance.tau2, method)
    loglik, deviance, aic, bic, aicc = _fit_statistics(batch, variance.tau2, c.at, method)
    return {
        "k": k,
        "beta": c.beta,
        "se": se,
        "vb": vb,
        "vb_z": c.vb_z,
        "s2w": c.s2w,
        "stat": stat,
        "ddf": ddf,
        "pval": two_sided(stat, ddf[:, None]),
        "ci_lb": c.beta - reach,
        "ci_ub": c.beta + reach,
        "tau2": variance.tau2,
        "se_tau2": variance.se_tau2,
        "i2": i2,
        "h2": h2,
        "vt": vt,
        "qe": qe,
        "qe_df": k - p,
        "qe_pval": qe_pval,
        "qm": qm,
        "qm_pval": qm_pval,
        "r2": None,
        "pi_lb": None,
        "pi_ub": None,
        "loglik": loglik,
        "deviance": deviance,
        "aic": aic,
        "bic": bic,
        "aicc": aicc,
    }


def _tested(names: tuple[str, ...], p: int) -> list[int]:
    slopes = [index for index, name in enumerate(names) if name != "intrcpt"]
    return slopes or list(range(p))


def joint(beta: Array, vb: Array, columns: list[int], ddf: Array) -> tuple[Array, Array]:
    """QM and its p value (chi-squared), or F and its p value where `ddf` is finite; `beta` (B, p), both (B,)."""
    m = len(columns)
    if m == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            qm = beta[:, columns[0]] ** 2 / vb[:, columns[0], columns[0]]
    else:
        part = beta[:, columns]
        qm = (part * (invert(vb[:, columns][:, :, columns]) @ part[..., None])[..., 0]).sum(-1)
    if np.isinf(ddf).all():
        return qm, chdtrc(float(m), qm)
    return qm / m, fdtrc(float(m), ddf, qm / m)


def _heterogeneity(batch: Batch, tau2: Array, method: str) -> tuple[Array, Array, Array, Array, Array]:
    w, inverse, e = batch.plain.w, batch.plain.inverse, batch.plain.e
    df = (batch.k - batch.p).astype(float)
    spare = df > 0.0
    qe = np.where(spare, np.vecdot(w * e, e), 0.0)
    qe_pval = np.where(spare, chdtrc(df, qe), 1.0)
    vt = np.where(spare, df / (row_sum(w) - trace(inverse, cross(batch, w * w))), 0.0)
    if method in FIXED_METHODS:
        i2 = np.where(spare & (qe > 0.0), np.maximum(100.0 * (qe - df) / qe, 0.0), 0.0)
        h2 = np.where(spare, qe / df, 1.0)
    else:
        i2 = np.where(spare, 100.0 * tau2 / (vt + tau2), 0.0)
        h2 = np.where(spare, tau2 / vt + 1.0, 1.0)
    return qe, qe_pval, i2, h2, vt


def _fit_statistics(batch: Batch, tau2: Array, at: Solution, method: str) -> tuple[Array, Array, Array, Array, Array]:
    """Log-likelihood, deviance, AIC, BIC, AICc as `fitstats` of metafor: restricted ones for REML."""
    restricted = method == "REML"
    loglik = log_likelihood(batch, tau2, restricted=restricted, at=at)
    n = (batch.k - batch.p if restricted else batch.k).astype(float)
    parameters = batch.p + (0 if method in FIXED_METHODS else 1)
    if restricted:
        deviance = -2.0 * loglik
    else:
        deviance = np.where(batch.k > batch.p, -2.0 * (loglik - saturated_log_likelihood(batch)), 0.0)
    floor = np.maximum(n, parameters + 2)
    bic = -2.0 * loglik + parameters * np.log(n)
    aicc = -2.0 * loglik + 2.0 * parameters * floor / (floor - parameters - 1.0)
    return loglik, deviance, -2.0 * loglik + 2.0 * parameters, bic, aicc
