"""From weights to a fitted model: coefficients, tests, heterogeneity, likelihood."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from analysis.errors import ModelError, TooFewStudiesError
from analysis.frequentist.likelihood import log_likelihood, saturated_log_likelihood
from analysis.frequentist.linear import (
    Batch,
    cross,
    invert,
    row_sum,
    solve,
    trace,
    weigh,
)
from analysis.frequentist.tau2 import estimate_tau2
from analysis.results import Array, Convergence, Fit, Tau2
from analysis.vocabulary import FIXED_METHODS, METHODS, TESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Coefficients `beta` (B, p) of the design itself, unscaled covariance `vb_z`, residuals, and RSS / (k - p)."""

    beta: Array
    vb_z: Array
    residuals: Array
    s2w: Array


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


def fit_batch(
    batch: Batch,
    *,
    method: str,
    test: str,
    level: float,
    weights: Array | None,
    names: tuple[str, ...],
) -> Fit:
    """Fit one model to every data set of a batch. See `Fit` for what comes back; leading shape `(B,)`."""
    check_choices(batch, method, test, weights)
    variance = _variance(batch, method, weights)
    used_test = "z" if batch.k.size and (batch.k == 1).all() else test
    coefficients = pool(batch, variance.tau2, weights)
    return assemble(
        batch,
        variance,
        coefficients,
        method=method,
        test=used_test,
        level=level,
        names=names,
    )


def _variance(batch: Batch, method: str, weights: Array | None) -> Tau2:
    """tau2, with a lone effect treated as metafor does: no heterogeneity to estimate."""
    needed = batch.p if method in FIXED_METHODS else batch.p + 1
    lone = (batch.k == 1) & (batch.p == 1)
    usable = batch.k >= needed
    if usable.all():
        return estimate_tau2(batch, method, weights)
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


def pool(batch: Batch, tau2: Array, weights: Array | None = None) -> Coefficients:
    """Weighted least squares by inverse variances, or by given weights with the sandwich that belongs to them."""
    w = weigh(batch, tau2)
    b, inverse, e = solve(batch, w)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Effects that agree to rounding error have no scatter to scale by.
        rss = np.vecdot(w * e, e)
        s2w = np.where(rss <= np.finfo(float).eps, 0.0, rss) / np.where(batch.k > batch.p, batch.k - batch.p, np.nan)
    if weights is not None:
        a = weights if batch.m is None else weights * batch.m
        b, inverse, e = _given_weights(batch, a, tau2)
    if batch.constant:
        return Coefficients(beta=b, vb_z=inverse, residuals=e, s2w=s2w)
    back = np.linalg.inv(batch.R)
    beta = (back @ b[..., None])[..., 0]
    return Coefficients(beta=beta, vb_z=back @ inverse @ np.swapaxes(back, -1, -2), residuals=e, s2w=s2w)


def _given_weights(batch: Batch, a: Array, tau2: Array) -> tuple[Array, Array, Array]:
    b, inverse, e = solve(batch, a)
    return b, inverse @ cross(batch, a**2 * (batch.v + tau2[:, None])) @ inverse, e


def assemble(
    batch: Batch,
    variance: Tau2,
    c: Coefficients,
    *,
    method: str,
    test: str,
    level: float,
    names: tuple[str, ...],
) -> Fit:
    """Tests, intervals, heterogeneity and likelihood around coefficients that are already there."""
    k, p = batch.k, batch.p
    scale = np.ones_like(c.s2w) if test in ("z", "t") else c.s2w if test == "knha" else np.maximum(c.s2w, 1.0)
    vb = c.vb_z * scale[:, None, None]
    se = np.sqrt(np.diagonal(vb, axis1=-2, axis2=-1))
    ddf = np.full(k.shape, np.inf) if test == "z" else np.where(k > p, k - p, np.nan).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        stat = c.beta / se
    reach = critical(level, ddf)[:, None] * se
    tested = _tested(names, p)
    qm, qm_pval = joint(c.beta, vb, tested, ddf)
    qe, qe_pval, i2, h2, vt = _heterogeneity(batch, variance.tau2, method)
    loglik, deviance, aic, bic, aicc = _fit_statistics(batch, variance.tau2, c.residuals, method)
    return Fit(
        method=method,
        test=test,
        dist="z" if test == "z" else "t",
        level=level,
        names=names,
        k=k,
        p=p,
        beta=c.beta,
        se=se,
        vb=vb,
        vb_z=c.vb_z,
        s2w=c.s2w,
        stat=stat,
        ddf=ddf,
        pval=two_sided(stat, ddf[:, None]),
        ci_lb=c.beta - reach,
        ci_ub=c.beta + reach,
        tau2=variance.tau2,
        se_tau2=variance.se_tau2,
        i2=i2,
        h2=h2,
        vt=vt,
        qe=qe,
        qe_df=k - p,
        qe_pval=qe_pval,
        qm=qm,
        qm_df=len(tested),
        qm_pval=qm_pval,
        r2=None,
        pi_lb=None,
        pi_ub=None,
        pi_kind=None,
        loglik=loglik,
        deviance=deviance,
        aic=aic,
        bic=bic,
        aicc=aicc,
        convergence=variance.convergence,
    )


def two_sided(stat: Array, ddf: Array) -> Array:
    """Two-sided p value of a z (infinite `ddf`) or t statistic."""
    if np.isinf(ddf).all():
        return 2.0 * ndtr(-np.abs(stat))
    return 2.0 * stdtr(ddf, -np.abs(stat))


def critical(level: float, ddf: Array) -> Array:
    """Two-sided critical value at `level` per cent."""
    tail = 0.5 + level / 200.0
    return np.full(ddf.shape, ndtri(tail)) if np.isinf(ddf).all() else stdtrit(ddf, tail)


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
    w = weigh(batch, 0.0)
    _, inverse, e = solve(batch, w)
    df = (batch.k - batch.p).astype(float)
    spare = df > 0.0
    qe = np.where(spare, np.vecdot(w * e, e), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        qe_pval = np.where(spare, chdtrc(df, qe), 1.0)
        vt = np.where(spare, df / (row_sum(w) - trace(inverse, cross(batch, w * w))), 0.0)
        if method in FIXED_METHODS:
            i2 = np.where(spare & (qe > 0.0), np.maximum(100.0 * (qe - df) / qe, 0.0), 0.0)
            h2 = np.where(spare, qe / df, 1.0)
        else:
            i2 = np.where(spare, 100.0 * tau2 / (vt + tau2), 0.0)
            h2 = np.where(spare, tau2 / vt + 1.0, 1.0)
    return qe, qe_pval, i2, h2, vt


def _fit_statistics(
    batch: Batch, tau2: Array, residuals: Array, method: str
) -> tuple[Array, Array, Array, Array, Array]:
    """Log-likelihood, deviance, AIC, BIC, AICc as `fitstats` of metafor: restricted ones for REML."""
    restricted = method == "REML"
    loglik = log_likelihood(batch, tau2, restricted=restricted, residuals=residuals)
    n = (batch.k - batch.p if restricted else batch.k).astype(float)
    parameters = batch.p + (0 if method in FIXED_METHODS else 1)
    if restricted:
        deviance = -2.0 * loglik
    else:
        deviance = np.where(batch.k > batch.p, -2.0 * (loglik - saturated_log_likelihood(batch)), 0.0)
    floor = np.maximum(n, parameters + 2)
    with np.errstate(divide="ignore"):
        bic = -2.0 * loglik + parameters * np.log(n)
    aicc = -2.0 * loglik + 2.0 * parameters * floor / (floor - parameters - 1.0)
    return loglik, deviance, -2.0 * loglik + 2.0 * parameters, bic, aicc
