"""Correlations: raw (COR), corrected for bias (UCOR), Fisher's z (ZCOR)."""

from typing import Final

import numpy as np
from scipy.special import hyp2f1

from analysis.measures.inputs import Recipes, as_given, check_vtype, weighted_mean
from analysis.measures.statistic import unchecked_p_to_t
from analysis.results import Array, EffectSizes
from analysis.vocabulary import MIN_N_CORRELATION, MIN_N_FISHER_Z, MIN_N_UNBIASED_CORRELATION, VTYPES

SERIES_FROM: Final = 20.0
SERIES_TERMS: Final = 60


def cor(ri: Array, ni: Array, vtype: str = "LS") -> EffectSizes:
    """Raw correlations, variance (1 - r^2)^2 / (n - 1).

    Parameters
    ----------
    ri, ni : (..., k)
        Correlations and sample sizes; n of 3 or less has no variance.
    vtype : {"LS", "AV"}
        LS plugs in each r, AV the mean r weighted by n (Borenstein 2009, eq. 12.27).
    """
    check_vtype("COR", vtype, VTYPES["COR"])
    r = ri if vtype == "LS" else weighted_mean(ri, ni)
    return EffectSizes(yi=ri, vi=_with_enough((1 - r**2) ** 2 / (ni - 1), ni, MIN_N_CORRELATION), measure="COR")


def ucor(ri: Array, ni: Array, vtype: str = "LS") -> EffectSizes:
    """Correlations without their negative bias (Olkin & Pratt 1958, eq. 2.3), NaN for n of 4 or less.

    Parameters
    ----------
    ri, ni : (..., k)
        Correlations and sample sizes.
    vtype : {"LS", "UB", "AV"}
        LS and AV as in `cor`, of the corrected correlations; UB is the unbiased estimate (Hedges 1989, exact form),
        NaN where that is negative.
    """
    check_vtype("UCOR", vtype, VTYPES["UCOR"])
    y = _with_enough(ri * _hypergeometric(0.5, (ni - 2) / 2, 1 - ri**2), ni, MIN_N_UNBIASED_CORRELATION)
    if vtype == "UB":
        unexplained = (ni - 3) / (ni - 2) * (1 - ri**2) * _hypergeometric(1.0, ni / 2, 1 - ri**2)
        v = y**2 - (1 - unexplained)
        return EffectSizes(yi=y, vi=np.where(v < 0, np.nan, v), measure="UCOR")
    mean = y if vtype == "LS" else weighted_mean(y, ni)
    return EffectSizes(yi=y, vi=(1 - mean**2) ** 2 / (ni - 1), measure="UCOR")


def zcor(ri: Array, ni: Array, vtype: str = "LS") -> EffectSizes:
    """Fisher's z of correlations `ri`, variance 1/(n - 3) (Fisher 1921); `ri` and `ni` are `(..., k)`."""
    check_vtype("ZCOR", vtype, VTYPES["ZCOR"])
    return EffectSizes(yi=np.arctanh(ri), vi=_with_enough(1 / (ni - 3), ni, MIN_N_FISHER_Z), measure="ZCOR")


def _hypergeometric(a: float, c: Array, x: Array) -> Array:
    """Gauss' 2F1(a, a; c; x) for x in [0, 1] and c > 2 a.

    scipy's function overflows to NaN for x near 1 once c passes 100 (n = 200). The series has settled by then: from
    c = 20 on, 60 terms leave less than 1e-16 even at x = 1. (The GNU Scientific Library, which metafor asks, is off by
    up to 5e-3 for |r| < 0.1 and even n from 8 to 22; the tests show it.)
    """
    small = hyp2f1(a, a, np.minimum(c, SERIES_FROM), x)
    term = np.ones(np.broadcast_shapes(c.shape, x.shape))
    total = term.copy()
    for k in range(SERIES_TERMS):
        term = term * (a + k) ** 2 / ((c + k) * (k + 1)) * x
        total = total + term
    chosen: Array = np.where(c < SERIES_FROM, small, total)
    return chosen


def _with_enough(values: Array, ni: Array, smallest: int) -> Array:
    """NaN where n does not exceed `smallest` - 1: n may be a fraction, as in published tables of averaged n."""
    kept: Array = np.where(ni > smallest - 1, values, np.nan)
    return kept


def _from_t(ti: Array, ni: Array) -> tuple[Array, Array]:
    # The same r as `statistic.t_to_r`, without its refusals: n is checked row by row before.
    return ti / np.hypot(ti, np.sqrt(ni - 2)), ni


def _from_p(pi: Array, ni: Array) -> tuple[Array, Array]:
    return _from_t(unchecked_p_to_t(np.abs(pi), ni - 2, pi), ni)


RECIPES: Final[Recipes] = {("ri", "ni"): as_given, ("ti", "ni"): _from_t, ("pi", "ni"): _from_p}
