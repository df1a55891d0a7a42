"""Conversions against metafor, scipy, exact arithmetic, the textbook, and themselves there and back."""

from decimal import Decimal, getcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis import measures as ms
from analysis.errors import ConfigError, ImpossibleValueError
from tests.tolerances import CLOSED_FORM

SIGNED = st.floats(-5, 5)
R = st.floats(-0.99, 0.99)
VARIANCE = st.floats(1e-6, 10)
ARM = st.integers(3, 5000)


# --- The bias correction ------------------------------------------------------------------------------------
def exact_j(df: int) -> float:
    """J by the recurrence of the gamma function in 50 digits, from Gamma(1/2) = sqrt(pi) and Gamma(1) = 1."""
    getcontext().prec = 50
    root_pi = Decimal("3.14159265358979323846264338327950288419716939937510582").sqrt()
    # Gamma(m/2) / Gamma((m-1)/2) = R(m); R(m) R(m-1) = (m - 2) / 2.
    ratio = 1 / root_pi
    for m in range(3, df + 1):
        ratio = (Decimal(m) - 2) / 2 / ratio
    return float(ratio / (Decimal(df) / 2).sqrt())


@pytest.mark.parametrize("df", [2, 3, 4, 10, 30, 49, 50, 51, 52, 57, 1000, 8998, 100_000])
def test_bias_correction_is_exact(df: int) -> None:
    assert ms.bias_correction(df) == pytest.approx(exact_j(df), rel=5e-15)


def test_bias_correction_needs_more_than_one_degree_of_freedom() -> None:
    np.testing.assert_array_equal(np.isnan(ms.bias_correction([0.5, 1.0, 1.01, np.nan])), [True, True, False, True])


# --- Test statistics ----------------------------------------------------------------------------------------
def test_t_f_and_p_agree_with_the_correlation_of_raw_data() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=40)
    y = -0.4 * x + rng.normal(size=40)
    r, p = stats.pearsonr(x, y)
    t = float(stats.linregress(x, y).slope / stats.linregress(x, y).stderr)
    for converted in (ms.t_to_r(t, 38), ms.f_to_r(t**2, 38, -1), ms.p_to_r(p, 38, -1), ms.eta2_to_r(r**2, 40, -1)):
        assert converted.estimate == pytest.approx(r, rel=1e-10)
        assert converted.variance == pytest.approx((1 - r**2) ** 2 / 39, rel=1e-10)
        assert converted.kind == "r"
    assert ms.r_to_t(r, 40) == pytest.approx(t, rel=1e-10)


def test_t_f_and_p_of_two_groups_agree_with_the_means() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(1, 1, 15), rng.normal(0, 1, 22)
    test = stats.ttest_ind(a, b)
    pooled = np.sqrt((14 * a.var(ddof=1) + 21 * b.var(ddof=1)) / 35)
    d = (a.mean() - b.mean()) / pooled
    for converted in (
        ms.t_to_d(test.statistic, 15, 22),
        ms.f_to_d(test.statistic**2, 15, 22),
        ms.p_to_d(test.pvalue, 15, 22),
    ):
        assert converted.estimate == pytest.approx(d, rel=1e-10)


def test_chi2_is_phi() -> None:
    table = np.array([[20, 10], [8, 25]])
    chi2 = stats.chi2_contingency(table, correction=False).statistic
    a, b, c, d = table.ravel()
    phi = (a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    assert ms.chi2_to_r(chi2, table.sum()).estimate == pytest.approx(phi, rel=CLOSED_FORM)


def test_against_metafor(r: Any) -> None:
    """RPB is the correlation of a t, PHI of a chi-squared, D2ORL and OR2DL the bridge between d and log odds."""
    theirs = r("""
        take <- function(x) list(yi = as.vector(x$yi), vi = x$vi)
        table <- data.frame(ai = c(12, 40), bi = c(8, 21), ci = c(5, 33), di = c(17, 60))
        list(rpb = take(escalc("RPB", m1i = d, m2i = 0 * d, sd1i = 1 + 0 * d, sd2i = 1 + 0 * d, n1i = n1, n2i = n2)),
             phi = take(escalc("PHI", ai, bi, ci, di, data = table)),
             logor = take(escalc("OR", ai, bi, ci, di, data = table)),
             or2d = take(escalc("OR2DL", ai, bi, ci, di, data = table)),
             d2or = take(escalc("D2ORL", m1i = d, m2i = 0 * d, sd1i = 1 + 0 * d, sd2i = 1 + 0 * d, n1i = n1, n2i = n2)))
    """, d=[0.5, -1.1, 0.02], n1=[20, 8, 100], n2=[31, 8, 55])  # fmt: skip
    d, n1, n2 = np.array([0.5, -1.1, 0.02]), np.array([20, 8, 100]), np.array([31, 8, 55])
    t = d / np.sqrt(1 / n1 + 1 / n2)
    np.testing.assert_allclose(ms.t_to_r(t, n1 + n2 - 2).estimate, theirs["rpb"]["yi"], rtol=CLOSED_FORM)
    chi2 = np.array([[12, 8, 5, 17], [40, 21, 33, 60]])
    statistics = [stats.chi2_contingency(row.reshape(2, 2), correction=False).statistic for row in chi2]
    np.testing.assert_allclose(
        ms.chi2_to_r(statistics, chi2.sum(axis=1)).estimate, theirs["phi"]["yi"], rtol=CLOSED_FORM
    )
    converted = ms.log_or_to_d(theirs["logor"]["yi"], theirs["logor"]["vi"])
    np.testing.assert_allclose(converted.estimate, theirs["or2d"]["yi"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(converted.variance, theirs["or2d"]["vi"], rtol=CLOSED_FORM)
    given_d = ms.t_to_d(t, n1, n2)
    log_or = ms.d_to_log_or(given_d.estimate, given_d.variance)
    np.testing.assert_allclose(log_or.estimate, theirs["d2or"]["yi"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(log_or.variance, theirs["d2or"]["vi"], rtol=CLOSED_FORM)


# --- The textbook: Borenstein, Hedges, Higgins & Rothstein (2009) -------------------------------------------
@pytest.mark.parametrize(
    ("converted", "estimate", "variance"),
    [
        (ms.log_or_to_d(0.9069, 0.0676), 0.5000, 0.0205),  # chapter 7, after eq. 7.2
        (ms.r_to_d(0.50, 0.0058), 1.1547, 0.0550),  # chapter 7, after eq. 7.6
        (ms.d_to_r(1.1547, 0.0550, 100, 100), 0.5000, 0.0058),  # chapter 7, after eq. 7.9
        (ms.d_to_g(0.5970, 0.0419, 98), 0.5924, 0.0412),  # chapter 4, 50 people in each group
    ],
)
def test_textbook(converted: ms.Conversion, estimate: float, variance: float) -> None:
    assert converted.estimate == pytest.approx(estimate, abs=6e-5)
    assert converted.variance == pytest.approx(variance, abs=1.1e-4)


# --- There and back -----------------------------------------------------------------------------------------
@given(r=R, v=VARIANCE, n1=ARM, n2=ARM)
def test_from_a_correlation_and_back(r: float, v: float, n1: int, n2: int) -> None:
    pairs = [
        (ms.r_to_z(r, v), ms.z_to_r, ()),
        (ms.r_to_d(r, v, n1, n2), ms.d_to_r, (n1, n2)),
        (ms.r_to_g(r, v, n1, n2), ms.g_to_r, (n1, n2)),
        (ms.r_to_log_or(r, v, n1, n2), ms.log_or_to_r, (n1, n2)),
    ]
    for there, inverse, arms in pairs:
        back = inverse(there.estimate, there.variance, *arms)
        assert back.estimate == pytest.approx(r, rel=1e-9, abs=1e-12)
        assert back.variance == pytest.approx(v, rel=1e-9)
        assert np.sign(there.estimate) == np.sign(r)
        assert there.variance > 0


@given(d=SIGNED, v=VARIANCE, n1=ARM, n2=ARM)
def test_from_d_and_back(d: float, v: float, n1: int, n2: int) -> None:
    g = ms.d_to_g(d, v, n1 + n2 - 2)
    assert abs(g.estimate) <= abs(d)
    log_or = ms.d_to_log_or(d, v)
    odds = ms.log_or_to_or(log_or.estimate, log_or.variance)
    again = ms.or_to_log_or(odds.estimate, odds.variance)
    for back in (ms.g_to_d(g.estimate, g.variance, n1 + n2 - 2), ms.log_or_to_d(again.estimate, again.variance)):
        assert back.estimate == pytest.approx(d, rel=1e-9, abs=1e-12)
        assert back.variance == pytest.approx(v, rel=1e-9)


@given(t=st.floats(-30, 30), df=st.integers(2, 500))
def test_t_p_and_f_and_back(t: float, df: int) -> None:
    p = 2 * stats.t.sf(abs(t), df)
    assert ms.p_to_t(p, df, np.copysign(1, t)) == pytest.approx(t, rel=1e-6, abs=1e-7)
    assert ms.f_to_t(t**2, np.copysign(1, t)) == pytest.approx(t, rel=1e-12, abs=1e-150)
    assert ms.r_to_t(ms.t_to_r(t, df).estimate, df + 2) == pytest.approx(t, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "convert", [ms.r_to_z, ms.z_to_r, ms.r_to_d, ms.d_to_r, ms.r_to_eta2, ms.log_or_to_or, ms.d_to_log_or]
)
def test_variance_is_the_squared_derivative_times_the_variance(convert: Any) -> None:
    x, v, h = np.array([-0.7, -0.2, 0.1, 0.6]), 0.04, 1e-6
    derivative = (convert(x + h, v).estimate - convert(x - h, v).estimate) / (2 * h)
    np.testing.assert_allclose(convert(x, v).variance, derivative**2 * v, rtol=1e-8)


# --- What cannot be -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("convert", "arguments", "message"),
    [
        (ms.r_to_z, ([0.1, 1.2], 0.1), "row 2: r is 1.2; it must be inside"),
        (ms.r_to_d, ([-1.0], 0.1), "row 1: r is -1"),
        (ms.r_to_eta2, ([1.1], 0.1), "row 1: r is 1.1"),
        (ms.f_to_r, ([-3.0], 20), "row 1: F is -3"),
        (ms.t_to_r, ([1.0], [0]), "row 1: df is 0"),
        (ms.p_to_r, ([0.2, 0.0], 20), r"row 2: p is 0; it must be inside \(0, 1\]"),
        (ms.p_to_t, ([1.5], 20), "row 1: p is 1.5"),
        (ms.chi2_to_r, ([30.0], 20), "row 1: chi2 is 30"),
        (ms.eta2_to_r, ([0.2, 1.0], 20), "row 2: eta2 is 1"),
        (ms.eta2_to_r, ([0.2], 1), "row 1: n is 1"),
        (ms.t_to_d, ([1.0], [0], [5]), "row 1: n1 is 0"),
        (ms.d_to_r, ([1.0], 0.1, 5, -5), "row 1: n2 is -5"),
        (ms.d_to_g, ([1.0], 0.1, 1), "row 1: df is 1"),
        (ms.or_to_log_or, ([0.0], 0.1), "row 1: the odds ratio is 0"),
    ],
)
def test_refuses_what_cannot_be(convert: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ImpossibleValueError, match=message):
        convert(*arguments)


def test_missing_stays_missing() -> None:
    converted = ms.r_to_d([0.5, np.nan], 0.0058)
    np.testing.assert_array_equal(np.isnan(converted.estimate), [False, True])


# --- Shown scales -------------------------------------------------------------------------------------------
def test_back_transform() -> None:
    x = [-1.0, 0.0, 2.0]
    np.testing.assert_allclose(ms.back_transform(x, "ZCOR"), np.tanh(x))
    for measure in ("OR", "RR", "ROM"):
        np.testing.assert_allclose(ms.back_transform(x, measure), np.exp(x))
    np.testing.assert_allclose(ms.back_transform(x, "PLO"), stats.logistic.cdf(x))
    for measure in ("COR", "SMD", "MD", "RD", "GEN"):
        np.testing.assert_array_equal(ms.back_transform(x, measure), x)
    with pytest.raises(ConfigError, match="measure is ABC"):
        ms.back_transform(x, "ABC")
