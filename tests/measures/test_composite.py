"""Composites against metafor's aggregate and against plain matrix algebra."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ConfigError, DataError, ImpossibleValueError
from analysis.measures import composite

# Labels out of order, a study of one effect, a study of four that is not contiguous.
GROUPS = ["d", "a", "d", "b", "c", "d", "c", "d"]
RNG = np.random.default_rng(12)
YI, VI = RNG.normal(0.4, 0.3, 8), RNG.gamma(3, 0.02, 8)


RHOS = [-0.3, 0.0, 0.5, 0.8, 0.99]


@pytest.fixture(scope="module")
def aggregated(r: Any) -> dict[str, Any]:
    """metafor's answers for every rho, plain and weighted, in one R process."""
    code = """
    dat <- escalc("GEN", yi = yi, vi = vi, data = data.frame(yi, vi, study))
    answer <- function(rho, weighted) {
      x <- aggregate(dat, cluster = study, struct = "CS", rho = rho, weighted = weighted, addk = TRUE)
      list(yi = as.vector(x$yi), vi = x$vi, ki = x$ki)
    }
    list(plain = lapply(rhos, answer, FALSE), weighted = lapply(rhos, answer, TRUE))
    """
    answers: dict[str, Any] = r(code, yi=YI.tolist(), vi=VI.tolist(), study=GROUPS, rhos=RHOS)
    return answers


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rho", RHOS)
def test_equals_metafor(weighted: bool, rho: float, aggregated: dict[str, Any]) -> None:
    theirs = aggregated["weighted" if weighted else "plain"][RHOS.index(rho)]
    ours = composite(YI, VI, GROUPS, rho=rho, weighted=weighted)
    np.testing.assert_allclose(ours.yi, theirs["yi"], rtol=1e-10)
    np.testing.assert_allclose(ours.vi, theirs["vi"], rtol=1e-10)
    np.testing.assert_array_equal(ours.counts, theirs["ki"])
    np.testing.assert_array_equal(ours.first_index, [0, 1, 3, 4])


def test_textbook_two_outcomes() -> None:
    """Borenstein et al. (2009), eq. 24.2: two effects with equal variance v have a mean of variance v (1 + rho) / 2."""
    result = composite([0.30, 0.10], [0.05, 0.05], [1, 1], rho=0.5)
    assert result.yi[0] == pytest.approx(0.20)
    assert result.vi[0] == pytest.approx(0.05 * 1.5 / 2)


@given(
    values=st.lists(st.tuples(st.floats(-3, 3), st.floats(1e-4, 5)), min_size=1, max_size=8),
    rho=st.floats(0, 0.99),
    weighted=st.booleans(),
)
def test_is_the_matrix_formula(values: list[tuple[float, float]], rho: float, weighted: bool) -> None:
    y, v = (np.array(column) for column in zip(*values, strict=True))
    k, s = y.size, np.sqrt(v)
    cov = np.outer(s, s) * np.where(np.eye(k) == 1, 1.0, rho)
    weights = np.linalg.solve(cov, np.ones(k)) if weighted else np.ones(k)
    mean, variance = weights @ y / weights.sum(), weights @ cov @ weights / weights.sum() ** 2
    ours = composite(y, v, [7] * k, rho=rho, weighted=weighted)
    assert ours.yi[0] == pytest.approx(mean, rel=1e-6, abs=1e-6)
    assert ours.vi[0] == pytest.approx(variance, rel=1e-6)
    # Perfect correlation is the most that a mean can vary; independent effects the least of rho >= 0.
    assert 0 < ours.vi[0] <= (s.mean() ** 2) * (1 + 1e-9)


def test_one_correlation_per_study() -> None:
    each = composite(YI, VI, GROUPS, rho=[0.5, 0.0, 0.0, 0.9])
    np.testing.assert_allclose(each.vi[0], composite(YI, VI, GROUPS, rho=0.5).vi[0])
    np.testing.assert_allclose(each.vi[3], composite(YI, VI, GROUPS, rho=0.9).vi[3])


def test_missing_effect_makes_its_own_composite_missing() -> None:
    y = np.where(np.arange(8) == 4, np.nan, YI)
    np.testing.assert_array_equal(np.isnan(composite(y, VI, GROUPS, rho=0.5).yi), [False, False, False, True])


def test_perfect_correlation_gives_a_mean_but_no_weights() -> None:
    result = composite([0.2, 0.4], [0.04, 0.09], ["x", "x"], rho=1)
    assert result.vi[0] == pytest.approx(0.25**2)
    with pytest.raises(ConfigError, match=r"rho is 1; with 2 effects in one study it must be above -1 and below 1"):
        composite([0.2, 0.4], [0.04, 0.09], ["x", "x"], rho=1, weighted=True)


@pytest.mark.parametrize("rho", [1.1, -1.0, -1 / 3, float("nan")])
def test_refuses_a_correlation_without_covariance_matrix(rho: float) -> None:
    with pytest.raises(ConfigError, match=r"with 4 effects in one study it must be above -0\.333333"):
        composite(YI, VI, GROUPS, rho=rho)


def test_correlation_is_free_where_no_study_has_two_effects() -> None:
    result = composite([0.2, 0.4], [0.04, 0.09], [1, 2], rho=-1)
    np.testing.assert_allclose(result.vi, [0.04, 0.09])


def test_refuses_variances_and_shapes() -> None:
    with pytest.raises(ImpossibleValueError, match=r"row 2: vi is 0; .*\nrow 3: vi is -1;"):
        composite([0.2, 0.4, 0.1], [0.04, 0, -1], [1, 1, 2], rho=0.5)
    with pytest.raises(DataError, match=r"shapes \(2,\), \(2,\), \(3,\)"):
        composite([0.2, 0.4], [0.04, 0.1], [1, 1, 2], rho=0.5)
    with pytest.raises(ConfigError, match="one for each of the 4 studies"):
        composite(YI, VI, GROUPS, rho=[0.5, 0.5])
