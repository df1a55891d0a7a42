"""Test statistics (t, F, p, chi-squared, eta squared) to effect sizes, each with its sampling variance.

Everything is elementwise over arrays that broadcast together. A missing value stays missing; one that cannot be raises
ImpossibleValueError with all its rows. `sign` is the direction of the effect, 1 or -1, where the statistic has none.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from analysis.measures.converted import Conversion, as_numbers, check_df, check_r, refuse_rows, variance_of_r
from analysis.results import Array


def f_to_t(f: ArrayLike, sign: ArrayLike = 1.0) -> Array:
    """Signed square root of an F with one numerator df; `sign` is the direction of the effect, 1 or -1."""
    f, sign = as_numbers(f, sign)
    refuse_rows(f < 0, f, "F", "0 or more")
    t: Array = np.copysign(np.sqrt(f), sign)
    return t


def p_to_t(p: ArrayLike, df: ArrayLike, sign: ArrayLike = 1.0) -> Array:
    """The t of a two-sided p value with `df` degrees of freedom; `sign` is the direction of the effect, 1 or -1."""
    p, df, sign = as_numbers(p, df, sign)
    refuse_rows((p <= 0) | (p > 1), p, "p", "inside (0, 1]")
    check_df(df)
    return unchecked_p_to_t(p, df, sign)


def unchecked_p_to_t(p: Array, df: Array, sign: Array) -> Array:
    """`p_to_t` for callers that check their rows themselves: what cannot be comes out as NaN or without meaning."""
    # |...| because the quantile at one half is 0 up to rounding, of either sign.
    t: Array = np.copysign(np.abs(stdtrit(df, p / 2)), sign)
    return t


def t_to_r(t: ArrayLike, df: ArrayLike) -> Conversion:
    """Correlation t / sqrt(t^2 + df) with df = n - 2, variance (1 - r^2)^2 / (n - 1)."""
    t, df = as_numbers(t, df)
    check_df(df)
    r = t / np.hypot(t, np.sqrt(df))
    return Conversion(estimate=r, variance=variance_of_r(r, df + 2), kind="r")


def f_to_r(f: ArrayLike, df: ArrayLike, sign: ArrayLike = 1.0) -> Conversion:
    """Correlation of an F with 1 and `df` degrees of freedom (Lipsey & Wilson 2001, appendix B)."""
    return t_to_r(f_to_t(f, sign), df)


def p_to_r(p: ArrayLike, df: ArrayLike, sign: ArrayLike = 1.0) -> Conversion:
    """Correlation of a two-sided p value of its t test, df = n - 2 (Lipsey & Wilson 2001, appendix B)."""
    return t_to_r(p_to_t(p, df, sign), df)


def chi2_to_r(chi2: ArrayLike, n: ArrayLike, sign: ArrayLike = 1.0) -> Conversion:
    """Phi, sqrt(chi2 / n), of a chi-squared with one df (Lipsey & Wilson 2001, appendix B)."""
    chi2, n, sign = as_numbers(chi2, n, sign)
    refuse_rows((chi2 < 0) | (chi2 >= n), chi2, "chi2", "0 or more and below n (it has one df)")
    r = np.copysign(np.sqrt(chi2 / n), sign)
    return Conversion(estimate=r, variance=variance_of_r(r, n), kind="r")


def eta2_to_r(eta2: ArrayLike, n: ArrayLike, sign: ArrayLike = 1.0) -> Conversion:
    """Correlation sqrt(eta2) of an eta squared with one numerator df; variance (1 - r^2)^2 / (n - 1)."""
    eta2, n, sign = as_numbers(eta2, n, sign)
    refuse_rows((eta2 < 0) | (eta2 >= 1), eta2, "eta2", "inside [0, 1)")
    r = np.copysign(np.sqrt(eta2), sign)
    return Conversion(estimate=r, variance=variance_of_r(r, n), kind="r")


def r_to_t(r: ArrayLike, n: ArrayLike) -> Array:
    """The t of a test that the correlation is 0, r sqrt((n - 2) / (1 - r^2)), with n - 2 degrees of freedom."""
    r, n = as_numbers(r, n)
    check_r(r)
    refuse_rows(n <= 2, n, "n", "above 2")
    t: Array = r * np.sqrt((n - 2) / (1 - r**2))
    return t


def t_to_d(t: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Conversion:
    """Cohen's d of a t test, variance 1/n1 + 1/n2 + d^2 / (2 (n1 + n2)) (Borenstein et al. 2009, eq. 4.20)."""
    t, n1, n2 = as_numbers(t, n1, n2)
    refuse_rows(n1 <= 0, n1, "n1", "above 0")
    refuse_rows(n2 <= 0, n2, "n2", "above 0")
    d = t * np.sqrt(1 / n1 + 1 / n2)
    return Conversion(estimate=d, variance=1 / n1 + 1 / n2 + d**2 / (2 * (n1 + n2)), kind="d")


def f_to_d(f: ArrayLike, n1: ArrayLike, n2: ArrayLike, sign: ArrayLike = 1.0) -> Conversion:
    """Cohen's d of an F that compares two groups."""
    return t_to_d(f_to_t(f, sign), n1, n2)


def p_to_d(p: ArrayLike, n1: ArrayLike, n2: ArrayLike, sign: ArrayLike = 1.0) -> Conversion:
    """Cohen's d of the two-sided p value of a t test of two groups."""
    n1, n2 = as_numbers(n1, n2)
    return t_to_d(p_to_t(p, n1 + n2 - 2, sign), n1, n2)
