"""Differences of means: raw (MD), standardised (SMD, SMDH), log ratio (ROM), and changes within a group (SMCC, SMCR).

All arrays are `(..., k)`. What a formula does not define (n too small, means of opposite sign) comes out as NaN.
"""

from typing import Final

import numpy as np

from analysis.measures.conversion import bias_correction
from analysis.measures.inputs import Recipes, as_given, check_vtype, weighted_mean
from analysis.measures.statistic import unchecked_p_to_t
from analysis.results import Array, EffectSizes
from analysis.vocabulary import TWO_GROUPS, VTYPES


def pooled_variance(sd1i: Array, n1i: Array, sd2i: Array, n2i: Array) -> Array:
    """Variance within two groups, pooled over n1 + n2 - 2 degrees of freedom."""
    return ((n1i - 1) * sd1i**2 + (n2i - 1) * sd2i**2) / (n1i + n2i - 2)


def md(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str = "LS") -> EffectSizes:
    """Raw mean differences.

    Parameters
    ----------
    m1i, sd1i, n1i, m2i, sd2i, n2i : (..., k)
        Mean, standard deviation and size of both groups.
    vtype : {"LS", "UB", "HO"}
        LS (and UB, the same) lets the groups' variances differ, HO pools them (Borenstein 2009, eqs. 12.5 and 12.3).
    """
    check_vtype("MD", vtype, VTYPES["MD"])
    v = sd1i**2 / n1i + sd2i**2 / n2i
    if vtype == "HO":
        v = pooled_variance(sd1i, n1i, sd2i, n2i) * (1 / n1i + 1 / n2i)
    return EffectSizes(yi=m1i - m2i, vi=v, measure="MD")


def smd(di: Array, n1i: Array, n2i: Array, vtype: str = "LS", *, correct: bool = True) -> EffectSizes:
    """Hedges' g of Cohen's d with the pooled standard deviation, exact bias correction (Hedges 1981).

    Parameters
    ----------
    di, n1i, n2i : (..., k)
        Uncorrected d and the sizes of both groups; undefined for n1 + n2 of 3 or less.
    vtype : {"LS", "LS2", "UB", "AV"}
        LS: 1/n1 + 1/n2 + g^2 / (2 (n1 + n2)) (Hedges 1982, eq. 8); LS2: J^2 times the same of d (Borenstein 2009,
        eq. 12.17); UB: unbiased (Hedges 1983, eq. 9); AV: LS with the mean g weighted by n.
    correct : bool
        False leaves d as it is (J = 1).
    """
    check_vtype("SMD", vtype, VTYPES["SMD"])
    df, n = n1i + n2i - 2, n1i + n2i
    j = _correction(df, correct)
    g, arms = j * di, 1 / n1i + 1 / n2i
    if vtype == "LS2":
        v = j**2 * (arms + di**2 / (2 * n))
    elif vtype == "UB":
        v = arms + (1 - (df - 2) / (df * j**2)) * g**2
    else:
        mean = g if vtype == "LS" else weighted_mean(g, n)
        v = arms + mean**2 / (2 * n)
    return EffectSizes(yi=g, vi=v, measure="SMD")


def smdh(
    m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str = "LS", *, correct: bool = True
) -> EffectSizes:
    """Standardised mean differences whose groups may differ in variance: the divisor is sqrt((sd1^2 + sd2^2) / 2).

    The variance is that of Bonett (2009), with g in place of d and times J^2, as metafor 3.8-1 computes it. The second
    form of that version (LS2, undocumented) is not offered: its first terms depend on the unit of the means.
    """
    check_vtype("SMDH", vtype, VTYPES["SMDH"])
    j, s2 = _correction(n1i + n2i - 2, correct), (sd1i**2 + sd2i**2) / 2
    g = j * (m1i - m2i) / np.sqrt(s2)
    df1, df2 = n1i - 1, n2i - 1
    v = g**2 * (sd1i**4 / df1 + sd2i**4 / df2) / (8 * s2**2) + (sd1i**2 / df1 + sd2i**2 / df2) / s2
    return EffectSizes(yi=g, vi=j**2 * v, measure="SMDH")


def rom(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array, vtype: str = "LS") -> EffectSizes:
    """Log ratios of means; undefined for means of opposite sign.

    Parameters
    ----------
    m1i, sd1i, n1i, m2i, sd2i, n2i : (..., k)
        Mean, standard deviation and size of both groups.
    vtype : {"LS", "HO", "AV", "AVHO"}
        LS and HO: Hedges et al. (1999), eq. 1 and the one after it (pooled variance); AV: mean coefficient of variation
        of each group weighted by n, AVHO: of both groups together.
    """
    check_vtype("ROM", vtype, VTYPES["ROM"])
    cv1, cv2 = sd1i / m1i, sd2i / m2i
    if vtype == "HO":
        sd = np.sqrt(pooled_variance(sd1i, n1i, sd2i, n2i))
        cv1, cv2 = sd / m1i, sd / m2i
    elif vtype == "AV":
        cv1, cv2 = weighted_mean(cv1, n1i), weighted_mean(cv2, n2i)
    elif vtype == "AVHO":
        n = n1i + n2i
        cv1 = cv2 = weighted_mean((n1i * cv1 + n2i * cv2) / n, n)
    return EffectSizes(yi=np.log(m1i / m2i), vi=cv1**2 / n1i + cv2**2 / n2i, measure="ROM")


def smcc(di: Array, ni: Array, vtype: str = "LS", *, correct: bool = True) -> EffectSizes:
    """Mean changes in standard deviations of the change (Gibbons et al. 1993), bias corrected, n - 1 df.

    Parameters
    ----------
    di, ni : (..., k)
        Uncorrected standardised mean change and number of pairs; undefined for n of 2 or less.
    vtype : {"LS", "LS2"}
        LS: 1/n + g^2 / (2 n); LS2: J^2 (1/n + d^2 / (2 n)).
    """
    check_vtype("SMCC", vtype, VTYPES["SMCC"])
    return _change(di, ni, 1 / ni, vtype, "SMCC", correct)


def smcr(di: Array, ni: Array, ri: Array, vtype: str = "LS", *, correct: bool = True) -> EffectSizes:
    """Mean changes in standard deviations of the first measurement (Becker 1988; Morris 2000).

    Parameters
    ----------
    di, ni, ri : (..., k)
        Uncorrected standardised mean change, number of pairs (undefined for n of 2 or less), correlation of the two
        measurements.
    vtype : {"LS", "LS2"}
        LS: 2 (1 - r)/n + g^2 / (2 n); LS2: J^2 (2 (1 - r)/n + d^2 / (2 n)).
    """
    check_vtype("SMCR", vtype, VTYPES["SMCR"])
    return _change(di, ni, 2 * (1 - ri) / ni, vtype, "SMCR", correct)


def _change(di: Array, ni: Array, base: Array, vtype: str, measure: str, correct: bool) -> EffectSizes:
    j = _correction(ni - 1, correct)
    g = j * di
    v = base + g**2 / (2 * ni) if vtype == "LS" else j**2 * (base + di**2 / (2 * ni))
    return EffectSizes(yi=g, vi=v, measure=measure)


def _correction(df: Array, correct: bool) -> Array:
    """J, or 1 where J exists, so that `correct` does not change which rows are defined."""
    j = bias_correction(df)
    return j if correct else np.where(np.isnan(j), np.nan, 1.0)


# --- Recipes: from columns to what the functions above take
def d_of_groups(m1i: Array, sd1i: Array, n1i: Array, m2i: Array, sd2i: Array, n2i: Array) -> tuple[Array, ...]:
    """Cohen's d with the pooled standard deviation, and the sizes of the groups."""
    return (m1i - m2i) / np.sqrt(pooled_variance(sd1i, n1i, sd2i, n2i)), n1i, n2i


def _d_of_t(ti: Array, n1i: Array, n2i: Array) -> tuple[Array, ...]:
    return ti * np.sqrt(1 / n1i + 1 / n2i), n1i, n2i


def _d_of_p(pi: Array, n1i: Array, n2i: Array) -> tuple[Array, ...]:
    return _d_of_t(unchecked_p_to_t(np.abs(pi), n1i + n2i - 2, pi), n1i, n2i)


def _d_of_g(gi: Array, n1i: Array, n2i: Array) -> tuple[Array, ...]:
    return gi / bias_correction(n1i + n2i - 2), n1i, n2i


def sd_of_change(sd1i: Array, sd2i: Array, ri: Array) -> Array:
    """Standard deviation of the difference of two correlated measurements."""
    sd: Array = np.sqrt(sd1i**2 + sd2i**2 - 2 * ri * sd1i * sd2i)
    return sd


def _d_of_change(m1i: Array, sd1i: Array, m2i: Array, sd2i: Array, ni: Array, ri: Array) -> tuple[Array, ...]:
    return (m1i - m2i) / sd_of_change(sd1i, sd2i, ri), ni


def _d_of_raw_change(m1i: Array, sd1i: Array, m2i: Array, ni: Array, ri: Array) -> tuple[Array, ...]:
    return (m1i - m2i) / sd1i, ni, ri


GROUP_RECIPES: Final[Recipes] = {TWO_GROUPS: as_given}
SMD_RECIPES: Final[Recipes] = {
    TWO_GROUPS: d_of_groups,
    ("gi", "n1i", "n2i"): _d_of_g,
    ("gi", "ni"): lambda gi, ni: _d_of_g(gi, ni / 2, ni / 2),
    ("di", "n1i", "n2i"): as_given,
    ("di", "ni"): lambda di, ni: (di, ni / 2, ni / 2),
    ("ti", "n1i", "n2i"): _d_of_t,
    ("pi", "n1i", "n2i"): _d_of_p,
}
SMCC_RECIPES: Final[Recipes] = {
    ("m1i", "sd1i", "m2i", "sd2i", "ni", "ri"): _d_of_change,
    ("di", "ni"): as_given,
    ("ti", "ni"): lambda ti, ni: (ti / np.sqrt(ni), ni),
}
SMCR_RECIPES: Final[Recipes] = {
    ("m1i", "sd1i", "m2i", "ni", "ri"): _d_of_raw_change,
    ("di", "ni", "ri"): as_given,
}
