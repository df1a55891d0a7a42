"""The unbiased correlation against an integral we did not write, where libraries of special functions fail."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import betaln

from analysis.measures import escalc


def euler_integral(a: float, c: float, x: float) -> float:
    """Gauss' 2F1(a, a; c; x) as Euler's integral, with t = sin^2."""

    def integrand(angle: float) -> float:
        sine, cosine = np.sin(angle), np.cos(angle)
        return float(2 * sine ** (2 * a - 1) * cosine ** (2 * (c - a) - 1) * (1 - x * sine**2) ** -a)

    peak = np.pi / 2 - np.sqrt(1 - x)
    area = integrate.quad(integrand, 0, np.pi / 2, epsabs=0, epsrel=1e-13, limit=500, points=[max(peak, 0.1)])[0]
    return area / float(np.exp(betaln(a, c - a)))


@pytest.mark.parametrize("n", [5, 8, 10, 17, 22, 41, 42, 43, 200, 210, 3000])
@pytest.mark.parametrize("r", [0.003, -0.05, 0.3, 0.9])
def test_unbiased_correlation_is_olkin_and_pratt_s_integral(n: int, r: float) -> None:
    large_sample, unbiased = (escalc("UCOR", {"ri": r, "ni": n}, vtype=vtype) for vtype in ("LS", "UB"))
    expected = r * euler_integral(0.5, (n - 2) / 2, 1 - r**2)
    assert large_sample.yi[0] == pytest.approx(expected, rel=1e-11)
    product = (n - 3) / (n - 2) * (1 - r**2) * euler_integral(1.0, n / 2, 1 - r**2)
    variance = expected**2 - 1 + product
    # A difference of numbers near 1: what can be asked for is their absolute accuracy.
    assert unbiased.vi[0] == pytest.approx(variance if variance >= 0 else np.nan, abs=1e-11, nan_ok=True)


@pytest.mark.parametrize("n", [5, 20, 212, 3000, 100_000])
def test_unbiased_variance_without_correlation_is_exact(n: int) -> None:
    """At r = 0 the series is Gauss' sum, (n - 2)/(n - 4), and the variance 1/(n - 4)."""
    assert escalc("UCOR", {"ri": 0.0, "ni": n}, vtype="UB").vi[0] == pytest.approx(1 / (n - 4), abs=1e-14)


def test_metafor_leaves_the_integral_where_gsl_does(r: Any) -> None:
    """A known difference: at even n from 8 to 22 and |r| < 0.1 metafor's UCOR is larger than it can be."""
    code = "list(yi = if (requireNamespace('gsl')) as.vector(escalc('UCOR', ri=.05, ni=10)$yi))"
    theirs = r(code)["yi"]
    if theirs is None:
        pytest.skip("metafor needs the R package gsl for UCOR")
    ours = escalc("UCOR", {"ri": 0.05, "ni": 10}).yi[0]
    if theirs == pytest.approx(ours, rel=1e-10):
        pytest.skip("this version of gsl has it right")
    # r F is at most r F at x = 1, which is Gauss' closed form Gamma(4) Gamma(3) / Gamma(3.5)^2.
    assert ours < 0.05 * 1.0864977448406724 < theirs
    assert ours == pytest.approx(theirs, rel=2e-3)


@given(r=st.floats(-0.99, 0.99), n=st.floats(5, 1e6))
def test_unbiased_correlation_is_odd_and_away_from_zero(r: float, n: float) -> None:
    effects = escalc("UCOR", {"ri": [r, -r], "ni": n})
    assert effects.yi[0] == -effects.yi[1]
    assert abs(r) <= abs(effects.yi[0]) * (1 + 1e-12) <= 1 + 1e-12
    assert (effects.vi >= 0).all()
