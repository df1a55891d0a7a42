"""Is the funnel lopsided: Egger-type regression on a predictor of precision, and rank correlation.

Egger, Davey Smith, Schneider & Minder (1997), BMJ 315, 629-634; Sterne & Egger (2005), in Rothstein et al. (eds.),
Publication Bias in Meta-Analysis, 99-110; Begg & Mazumdar (1994), Biometrics 50(4), 1088-1101.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError, RankDeficientError, TooFewStudiesError
from analysis.fragility.rank_correlation import kendall
from analysis.fragility.small_study import funnel_cautions
from analysis.fragility.subsets import check_effects, fit_model
from analysis.results import Array, Design, Fit
from analysis.vocabulary import ASYMMETRY_MODELS, LIMIT_PREDICTORS, PRECISION_PREDICTORS


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionTest:
    """Regression test of a funnel's asymmetry, in metafor's words.

    Attributes
    ----------
    model, predictor : str
    b, se, stat, ddf, pval : float
        Slope of the predictor and its test; `ddf` is infinite for z.
    est, ci_lb, ci_ub : float or None
        Effect expected of an infinitely precise study, the limit estimate; None with moderators or with a predictor
        that does not vanish for such a study.
    fit : Fit
    notes : tuple of str
    """

    model: str
    predictor: str
    b: float
    se: float
    stat: float
    ddf: float
    pval: float
    est: float | None
    ci_lb: float | None
    ci_ub: float | None
    fit: Fit
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """Rank correlation of effects with their variances: Kendall's `tau`, its p value, whether that is exact."""

    tau: float
    pval: float
    exact: bool
    notes: tuple[str, ...]


def regtest(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    ni: ArrayLike | None = None,
    predictor: str = "sei",
    model: str = "rma",
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
) -> RegressionTest:
    """Regress effects on a predictor of their precision.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    X : (k, p) or Design, optional
        Moderators to adjust for, with the column of the intercept.
    ni : (k,), optional
        Sample sizes, for the predictors made of them.
    predictor : str
        One of `vocabulary.PRECISION_PREDICTORS`: sei, vi, ni, ninv (1 / ni), sqrtni, sqrtninv (1 / sqrt(ni)).
    model : `rma` or `lm`
        Meta-regression by `method` and `test`; or weighted regression whose residual variance is estimated, a t test
        on k - 2 degrees of freedom, which is Egger's own.
    level : float
        Of the limit estimate's interval, per cent.
    weights : (k,), optional
        As in `fit_random_effects`; `rma` only.

    Raises
    ------
    TooFewStudiesError
        No more studies than coefficients.
    RankDeficientError
        A predictor that is the same in every study, or that the moderators already hold.
    ModelError, ImpossibleValueError

    Notes
    -----
    Equal-effects meta-regression with the Knapp-Hartung factor is the weighted regression of `lm`.
    """
    y, v = check_effects(yi, vi)
    values = _predictor(predictor, v, ni)
    design = np.column_stack([_moderators(X, len(y)), values])
    if model not in ASYMMETRY_MODELS:
        raise ModelError(f'model "{model}" is not known. Use one of {", ".join(ASYMMETRY_MODELS)}.')
    if len(y) <= design.shape[1]:
        raise TooFewStudiesError(
            f"{len(y)} studies for a regression of {design.shape[1]} coefficients leave nothing to test asymmetry with."
        )
    how = {"method": method, "test": test} if model == "rma" else {"method": "EE", "test": "knha"}
    try:
        fit = fit_model(y, v, design, level=level, weights=weights if model == "rma" else None, **how)
    except RankDeficientError:
        raise RankDeficientError(
            f"predictor {predictor} is the same in every study, or the moderators already hold it: asymmetry cannot be "
            "tested. Choose another predictor or fewer moderators."
        ) from None
    limit = X is None and predictor in LIMIT_PREDICTORS
    return RegressionTest(
        model=model,
        predictor=predictor,
        b=float(fit.beta[-1]),
        se=float(fit.se[-1]),
        stat=float(fit.stat[-1]),
        ddf=float(fit.ddf),
        pval=float(fit.pval[-1]),
        est=float(fit.beta[0]) if limit else None,
        ci_lb=float(fit.ci_lb[0]) if limit else None,
        ci_ub=float(fit.ci_ub[0]) if limit else None,
        fit=fit,
        notes=funnel_cautions(y, v) + _undefined(float(fit.pval[-1])),
    )


def ranktest(yi: ArrayLike, vi: ArrayLike, *, exact: bool = True) -> RankTest:
    """Correlate the ranks of standardised effects with those of their sampling variances.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    exact : bool
        Exact p value where no values are tied, as metafor; else the normal approximation corrected for ties.

    Returns
    -------
    RankTest
        Not a number where effects or variances are all the same, and a note says so.
    """
    y, v = check_effects(yi, vi)
    if len(y) < 2:
        raise TooFewStudiesError("1 study has no rank. Give at least two.")
    tau, pval, used = kendall(_standardised(y, v), v, exact=exact)
    return RankTest(tau=tau, pval=pval, exact=used, notes=funnel_cautions(y, v) + _undefined(pval))


def _standardised(y: Array, v: Array) -> Array:
    """Deviations from the pooled mean over their standard errors (Begg & Mazumdar 1994, p. 1089)."""
    w = 1.0 / v
    spare = v - 1.0 / w.sum()
    away = y - (w * y).sum() / w.sum()
    lost = spare <= 0.0
    if lost.any():  # one study carries all the weight, and its spare variance is lost to rounding
        others = (w[:, None] * ~np.eye(len(v), dtype=bool)).sum(0) / w.sum()
        spare = np.where(lost, v * others, spare)
        away = np.where(lost, ((y[:, None] - y) @ w) / w.sum(), away)
    return np.asarray(away / np.sqrt(spare))


def _predictor(name: str, v: Array, ni: ArrayLike | None) -> Array:
    if name not in PRECISION_PREDICTORS:
        raise ModelError(f'predictor "{name}" is not known. Use one of {", ".join(PRECISION_PREDICTORS)}.')
    if name in ("sei", "vi"):
        return np.sqrt(v) if name == "sei" else v
    if ni is None:
        raise ModelError(f"predictor {name} is made of sample sizes. Give ni, or use sei or vi.")
    n = np.asarray(ni, dtype=float)
    if n.shape != v.shape or not (np.isfinite(n) & (n > 0.0)).all():
        raise ModelError("ni must be one positive number per study. Correct or exclude the studies without.")
    return {"ni": n, "ninv": 1.0 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1.0 / np.sqrt(n)}[name]


def _moderators(X: ArrayLike | Design | None, k: int) -> Array:
    if X is None:
        return np.ones((k, 1))
    return X.X if isinstance(X, Design) else np.asarray(X, dtype=float)


def _undefined(pval: float) -> tuple[str, ...]:
    return ("The effects or their precisions do not vary: there is no p value.",) if np.isnan(pval) else ()
