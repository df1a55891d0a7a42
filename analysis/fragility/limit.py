"""Limit meta-analysis: the mean effect of studies whose precision grows without limit.

Ruecker, Schwarzer, Carpenter, Binder & Schumacher (2011), Biostatistics 12(1), 122-142: effects follow
`yi = beta + sqrt(vi + tau2) (alpha + eps_i)`, so that with vi to zero they tend to `beta + tau alpha`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from analysis.errors import ModelError, RankDeficientError, TooFewStudiesError
from analysis.fragility.small_study import funnel_cautions
from analysis.fragility.subsets import check_effects, fit_model
from analysis.results import Array, Fit
from analysis.vocabulary import LIMIT_ADJUSTMENTS

# Standard errors whose largest and smallest differ by less than this share are the same: there is no line through them.
SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMeta:
    """An effect adjusted for small-study effects.

    Attributes
    ----------
    adjust : str
        `beta0`, the expectation at infinite precision, `beta + tau alpha`; `betalim` and `mulim`, the line and the mean
        through the studies as they would be at infinite precision (`limit`).
    est, se, stat, pval, ci_lb, ci_ub : float
        In units of the measure; a z test, as metasens.
    alpha, beta : float
        Intercept and slope of the radial plot with between-study variance: bias and the effect left beside it.
    limit : (k,)
        Effects shrunk along that line as vi goes to zero.
    q, q_small, q_resid : float
        Heterogeneity in all, what of it small-study effects explain (one degree of freedom), the rest (k - 2).
    q_small_pval, q_resid_pval : float
    g_squared : float
        Share of the variation of the limit effects in the radial plot that its line leaves unexplained.
    fit : Fit
        Random-effects model of the effects as they are, for comparison.
    notes : tuple of str
    """

    adjust: str
    est: float
    se: float
    stat: float
    pval: float
    ci_lb: float
    ci_ub: float
    alpha: float
    beta: float
    limit: Array
    q: float
    q_small: float
    q_small_pval: float
    q_resid: float
    q_resid_pval: float
    g_squared: float
    fit: Fit
    notes: tuple[str, ...]


def limitmeta(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    adjust: str = "beta0",
    method: str = "REML",
    level: float = 95.0,
) -> LimitMeta:
    """Adjust the mean effect for small-study effects.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    adjust : `beta0`, `betalim` or `mulim`
    method : str
        Of the between-study variance; the paper's is DL.
    level : float
        Per cent.

    Raises
    ------
    TooFewStudiesError
        Fewer than three studies.
    RankDeficientError
        Studies of one precision.
    ModelError, ImpossibleValueError

    Notes
    -----
    The radial regression of `yi / si` on `1 / si` is weighted least squares of yi on si with weights 1 / vi, whose
    slope is the radial intercept.
    """
    y, v = check_effects(yi, vi)
    _refuse(v, adjust)
    fit = fit_model(y, v, None, method=method, test="z", level=level)
    tau2 = float(fit.tau2)
    radial = _radial(y, v + tau2)
    beta, alpha = (float(one) for one in radial.beta)
    limit = beta + np.sqrt(tau2 / (v + tau2)) * (y - beta)
    through = _radial(limit, v)
    est, se = _adjusted(adjust, v, tau2, alpha, beta, limit, through)
    stat = est / se if se > 0.0 else float("nan")
    reach = float(ndtri(0.5 + level / 200.0)) * se
    q, q_resid = float(fit.qe), float(_radial(y, v).qe)
    return LimitMeta(
        adjust=adjust,
        est=est,
        se=se,
        stat=stat,
        pval=float(2.0 * ndtr(-abs(stat))),
        ci_lb=est - reach,
        ci_ub=est + reach,
        alpha=alpha,
        beta=beta,
        limit=limit,
        q=q,
        q_small=max(q - q_resid, 0.0),
        q_small_pval=float(chdtrc(1.0, max(q - q_resid, 0.0))),
        q_resid=q_resid,
        q_resid_pval=float(chdtrc(len(y) - 2.0, q_resid)),
        g_squared=_unexplained(limit, v, through),
        fit=fit,
        notes=_notes(y, v, tau2),
    )


def _refuse(v: Array, adjust: str) -> None:
    if adjust not in LIMIT_ADJUSTMENTS:
        raise ModelError(f'adjust "{adjust}" is not known. Use one of {", ".join(LIMIT_ADJUSTMENTS)}.')
    if len(v) < 3:
        raise TooFewStudiesError(
            f"{len(v)} studies leave nothing to test a line through them with. Give at least three."
        )
    if np.ptp(np.sqrt(v)) <= SAME * np.sqrt(v.max()):
        raise RankDeficientError(
            "all studies have the same standard error, so there is no line to follow to the limit. Use another method."
        )


def _radial(y: Array, v: Array) -> Fit:
    """The radial plot's line: `beta` holds its slope, the effect, and its intercept, the bias."""
    try:
        return fit_model(y, v, np.column_stack([np.ones(len(y)), np.sqrt(v)]), method="EE", test="knha")
    except RankDeficientError:
        raise RankDeficientError(
            "the variance between studies swamps their sampling variances: all are equally precise with it, and there "
            "is no line to follow to the limit. Look at the effects that are far from the others."
        ) from None


def _adjusted(
    adjust: str, v: Array, tau2: float, alpha: float, beta: float, limit: Array, through: Fit
) -> tuple[float, float]:
    if adjust == "beta0":
        return float(beta + np.sqrt(tau2) * alpha), float(1.0 / np.sqrt(((v**-0.5 - (v**-0.5).mean()) ** 2).sum()))
    if adjust == "betalim":
        return float(through.beta[0]), float(through.se[0])
    mean = fit_model(limit, v, None, method="EE", test="z")
    return float(mean.beta[0]), float(mean.se[0])


def _unexplained(limit: Array, v: Array, through: Fit) -> float:
    """1 - R2 of the radial line through the limit effects."""
    radial = limit / np.sqrt(v)
    total = float(((radial - radial.mean()) ** 2).sum())
    return float(through.qe) / total if total > 0.0 else float("nan")


def _notes(y: Array, v: Array, tau2: float) -> tuple[str, ...]:
    said = funnel_cautions(y, v)
    if tau2 == 0.0:
        said += (
            "Without between-study variance the limit is the radial line itself: every study tends to the same effect.",
        )
    return said
