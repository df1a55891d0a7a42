"""Effect sizes into one another, each with its sampling variance.

Everything is elementwise over arrays that broadcast together. A missing value stays missing; one that cannot be (r of
1.2) raises ImpossibleValueError with all its rows. A variance marked "delta method" is the squared derivative times the
variance of what is converted.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaln

from analysis.measures.converted import Conversion, as_numbers, check_r, refuse_rows
from analysis.measures.inputs import check_measure
from analysis.results import Array
from analysis.vocabulary import BACK_TRANSFORMS

# The standard deviation of the standard logistic distribution: one d in log odds (Hasselblad & Hedges 1995).
LOGISTIC_SD: Final = float(np.pi / np.sqrt(3))
# From here on the first term left out of the series for J is below 1e-15.
SERIES_FROM: Final = 25.0
TRANSFORMS: Final[dict[str, Callable[[Array], Array]]] = {"tanh": np.tanh, "exp": np.exp, "expit": expit}


def ratio_of_arms(n1: Array, n2: Array) -> Array:
    """(n1 + n2)^2 / (n1 n2), 4 for equal arms (Borenstein et al. 2009, eq. 7.9)."""
    refuse_rows(n1 <= 0, n1, "n1", "above 0")
    refuse_rows(n2 <= 0, n2, "n2", "above 0")
    ratio: Array = (n1 + n2) ** 2 / (n1 * n2)
    return ratio


def bias_correction(df: ArrayLike) -> Array:
    """Exact factor from d to g, Gamma(df/2) / (sqrt(df/2) Gamma((df - 1)/2)), NaN where df <= 1 (Hedges 1981, eq. 6e).

    With many degrees of freedom the difference of two log gamma functions cancels (1e-10 at a million), so the ratio of
    Gamma(z + 1/2) to sqrt(z) Gamma(z), z = (df - 1)/2, comes from its asymptotic series there (Tricomi & Erdelyi 1951).
    """
    (m,) = as_numbers(df)
    with np.errstate(all="ignore"):
        z = (m - 1) / 2
        series = np.exp(-1 / (8 * z) + 1 / (192 * z**3) - 1 / (640 * z**5) + 17 / (14336 * z**7)) * np.sqrt(2 * z / m)
        few = np.exp(gammaln(m / 2) - gammaln(z)) / np.sqrt(m / 2)
        factor: Array = np.where(m > 1, np.where(z < SERIES_FROM, few, series), np.nan)
    return factor


def r_to_z(r: ArrayLike, variance: ArrayLike) -> Conversion:
    """Fisher's z; delta method v / (1 - r^2)^2. From r and n alone, `escalc("ZCOR", ...)` gives 1/(n - 3)."""
    r, v = as_numbers(r, variance)
    check_r(r)
    return Conversion(estimate=np.arctanh(r), variance=v / (1 - r**2) ** 2, kind="z")


def z_to_r(z: ArrayLike, variance: ArrayLike) -> Conversion:
    """Correlation tanh(z); delta method (1 - r^2)^2 v."""
    z, v = as_numbers(z, variance)
    r = np.tanh(z)
    return Conversion(estimate=r, variance=(1 - r**2) ** 2 * v, kind="r")


def r_to_eta2(r: ArrayLike, variance: ArrayLike) -> Conversion:
    """Share of variance r^2; delta method 4 r^2 v, which is 0 at r = 0."""
    r, v = as_numbers(r, variance)
    refuse_rows(np.abs(r) > 1, r, "r", "inside [-1, 1]")
    return Conversion(estimate=r**2, variance=4 * r**2 * v, kind="eta2")


def r_to_d(r: ArrayLike, variance: ArrayLike, n1: ArrayLike = 1.0, n2: ArrayLike = 1.0) -> Conversion:
    """D = 2 r / sqrt(1 - r^2), variance 4 v / (1 - r^2)^3 (Borenstein et al. 2009, eqs. 7.5, 7.6).

    With arms of unequal size the 2 is sqrt((n1 + n2)^2 / (n1 n2)), the inverse of `d_to_r`.
    """
    r, v, n1, n2 = as_numbers(r, variance, n1, n2)
    check_r(r)
    a = ratio_of_arms(n1, n2)
    return Conversion(estimate=np.sqrt(a) * r / np.sqrt(1 - r**2), variance=a * v / (1 - r**2) ** 3, kind="d")


def d_to_r(d: ArrayLike, variance: ArrayLike, n1: ArrayLike = 1.0, n2: ArrayLike = 1.0) -> Conversion:
    """R = d / sqrt(d^2 + a), variance a^2 v / (d^2 + a)^3 (Borenstein et al. 2009, eqs. 7.7 to 7.9).

    a = (n1 + n2)^2 / (n1 n2), by default 4 for equal arms.
    """
    d, v, n1, n2 = as_numbers(d, variance, n1, n2)
    a = ratio_of_arms(n1, n2)
    return Conversion(estimate=d / np.sqrt(d**2 + a), variance=a**2 * v / (d**2 + a) ** 3, kind="r")


def d_to_g(d: ArrayLike, variance: ArrayLike, df: ArrayLike) -> Conversion:
    """Hedges' g = J d, variance J^2 v, exact J of df = n1 + n2 - 2 (Borenstein et al. 2009, eqs. 4.23, 4.24)."""
    d, v, df = as_numbers(d, variance, df)
    refuse_rows(df <= 1, df, "df", "above 1")
    j = bias_correction(df)
    return Conversion(estimate=j * d, variance=j**2 * v, kind="g")


def g_to_d(g: ArrayLike, variance: ArrayLike, df: ArrayLike) -> Conversion:
    """Cohen's d = g / J with variance v / J^2, the inverse of `d_to_g`."""
    g, v, df = as_numbers(g, variance, df)
    refuse_rows(df <= 1, df, "df", "above 1")
    j = bias_correction(df)
    return Conversion(estimate=g / j, variance=v / j**2, kind="d")


def g_to_r(g: ArrayLike, variance: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Conversion:
    """Correlation of a Hedges' g, by way of d."""
    n1, n2 = as_numbers(n1, n2)
    d = g_to_d(g, variance, n1 + n2 - 2)
    return d_to_r(d.estimate, d.variance, n1, n2)


def r_to_g(r: ArrayLike, variance: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Conversion:
    """Hedges' g of a correlation, by way of d."""
    n1, n2 = as_numbers(n1, n2)
    d = r_to_d(r, variance, n1, n2)
    return d_to_g(d.estimate, d.variance, n1 + n2 - 2)


def log_or_to_d(log_or: ArrayLike, variance: ArrayLike) -> Conversion:
    """D = log OR sqrt(3) / pi, variance 3 v / pi^2 (Borenstein et al. 2009, eqs. 7.1, 7.2)."""
    log_or, v = as_numbers(log_or, variance)
    return Conversion(estimate=log_or / LOGISTIC_SD, variance=v / LOGISTIC_SD**2, kind="d")


def d_to_log_or(d: ArrayLike, variance: ArrayLike) -> Conversion:
    """Log OR = d pi / sqrt(3), variance v pi^2 / 3 (Borenstein et al. 2009, eqs. 7.3, 7.4)."""
    d, v = as_numbers(d, variance)
    return Conversion(estimate=d * LOGISTIC_SD, variance=v * LOGISTIC_SD**2, kind="log_or")


def or_to_log_or(odds_ratio: ArrayLike, variance: ArrayLike) -> Conversion:
    """Log odds ratio; delta method v / OR^2, with v the variance of the odds ratio itself."""
    odds, v = as_numbers(odds_ratio, variance)
    refuse_rows(odds <= 0, odds, "the odds ratio", "above 0")
    return Conversion(estimate=np.log(odds), variance=v / odds**2, kind="log_or")


def log_or_to_or(log_or: ArrayLike, variance: ArrayLike) -> Conversion:
    """Odds ratio; delta method OR^2 v."""
    log_or, v = as_numbers(log_or, variance)
    odds = np.exp(log_or)
    return Conversion(estimate=odds, variance=odds**2 * v, kind="or")


def log_or_to_r(log_or: ArrayLike, variance: ArrayLike, n1: ArrayLike = 1.0, n2: ArrayLike = 1.0) -> Conversion:
    """Correlation of a log odds ratio, by way of d (Borenstein et al. 2009, fig. 7.1)."""
    d = log_or_to_d(log_or, variance)
    return d_to_r(d.estimate, d.variance, n1, n2)


def r_to_log_or(r: ArrayLike, variance: ArrayLike, n1: ArrayLike = 1.0, n2: ArrayLike = 1.0) -> Conversion:
    """Log odds ratio of a correlation, by way of d (Borenstein et al. 2009, fig. 7.1)."""
    d = r_to_d(r, variance, n1, n2)
    return d_to_log_or(d.estimate, d.variance)


def back_transform(values: ArrayLike, measure: str) -> Array:
    """Effects (or limits) on the scale they are shown on: tanh, exp or inverse logit by measure, else unchanged.

    Raises
    ------
    ConfigError
        For a measure that does not exist.
    """
    check_measure(measure)
    (shown,) = as_numbers(values)
    if measure in BACK_TRANSFORMS:
        shown = TRANSFORMS[BACK_TRANSFORMS[measure]](shown)
    return shown
