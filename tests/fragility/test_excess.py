"""The test of excess significance against metafor, live, and against sums over all outcomes."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from analysis.errors import ModelError
from analysis.fragility.excess import count_distribution, tes
from tests.conftest import RunR
from tests.fragility.test_influence import READ, SETS
from tests.tolerances import CLOSED_FORM, ITERATIVE, METAFOR

SIDES = ("two.sided", "greater", "less")
CUT_OFF = 1e-6
CODE = (
    READ
    + """
sets$normand$yi <- sets$normand$yi / 10; sets$normand$vi <- sets$normand$vi / 100
all <- list()
for (set in names(sets)) {
  data <- sets[[set]]
  all[[set]] <- as.list(data)
  for (test in c("exact", "binom", "chi2")) for (alternative in c("two.sided", "greater", "less"))
    for (side in c("two.sided", "greater", "less")) for (tau2 in c(0, .05)) {
      if (test == "exact" && nrow(data) > 20) next
      res <- tes(data$yi, data$vi, alternative = alternative, tes.alternative = side, test = test, tau2 = tau2,
                 progbar = FALSE, rel.tol = 1e-10, find.lim = FALSE)
      all[[paste(set, test, alternative, side, tau2)]] <-
        list(O = res$O, E = res$E, stat = if (is.na(res$X2)) NULL else res$X2, p = res$pval, power = res$power)
    }
}
all
"""
)


@pytest.fixture(scope="module")
def metafor(r: RunR) -> dict[str, dict]:
    return r(CODE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("test", ["exact", "binom", "chi2"])
@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("side", SIDES)
def test_it_is_metafors(metafor: dict[str, dict], name: str, test: str, alternative: str, side: str) -> None:
    data = metafor[name]
    for tau2 in (0.0, 0.05):
        found = metafor.get(f"{name} {test} {alternative} {side} {tau2:g}")
        if found is None:  # metafor's exact test would sum over millions of subsets
            continue
        ours = tes(data["yi"], data["vi"], alternative=alternative, tes_alternative=side, test=test, tau2=tau2)
        assert ours.observed == found["O"]
        # metafor integrates over five standard deviations either side and leaves six in ten million of each power out.
        loose = 0.0 if tau2 == 0.0 else CUT_OFF
        np.testing.assert_allclose(ours.power, found["power"], rtol=METAFOR, atol=loose)
        assert ours.expected == pytest.approx(found["E"], rel=METAFOR, abs=loose * len(data["yi"]))
        if ours.expected > 0.5:  # a smaller expected number passes its own error on to the p value, magnified
            assert ours.pval == pytest.approx(found["p"], rel=METAFOR if tau2 == 0.0 else 1e-3, abs=1e-12)
            if test == "chi2":
                assert ours.stat == pytest.approx(found["stat"], rel=METAFOR if tau2 == 0.0 else 1e-3)


def test_the_count_is_a_sum_over_outcomes() -> None:
    chance = np.array([0.1, 0.7, 0.35, 0.9, 0.04])
    expected = np.zeros(6)
    for outcome in itertools.product((0, 1), repeat=5):
        expected[sum(outcome)] += np.prod(np.where(outcome, chance, 1 - chance))
    np.testing.assert_allclose(count_distribution(chance), expected, rtol=CLOSED_FORM)


def test_power_under_heterogeneity_is_an_integral() -> None:
    found = tes([0.3, 0.1, 0.5], [0.04, 0.09, 0.01], theta=0.25, tau2=0.03)
    for power, vi in zip(found.power, (0.04, 0.09, 0.01), strict=True):
        se = np.sqrt(vi)

        def at(effect: float, se: float = se) -> float:
            reached = norm.sf(1.959963984540054 - effect / se) + norm.cdf(-1.959963984540054 - effect / se)
            return float(reached * norm.pdf(effect, 0.25, np.sqrt(0.03)))

        assert power == pytest.approx(quad(at, -3, 3, epsabs=1e-13, limit=200)[0], rel=ITERATIVE)


def test_the_limit_is_where_metafors_p_value_meets_the_level(r: RunR) -> None:
    rng = np.random.default_rng(4)
    vi = rng.uniform(0.01, 0.08, 16)
    yi = 1.97 * np.sqrt(vi) + 0.02 * rng.random(16)
    code = """
yi <- sign * yi
whole <- tes(yi, vi, test = "exact", progbar = FALSE)
list(lim = whole$theta.lim, p = tes(yi, vi, test = "exact", theta = lim, progbar = FALSE, find.lim = FALSE)$pval)
"""
    for sign in (1.0, -1.0):
        ours = tes(sign * yi, vi)
        found = r(code, yi=yi.tolist(), vi=vi.tolist(), sign=sign, lim=ours.theta_lim)
        assert found["p"] == pytest.approx(0.1, rel=ITERATIVE)
        assert ours.theta_lim == pytest.approx(found["lim"], rel=1e-3)


def test_words_and_levels_are_checked() -> None:
    with pytest.raises(ModelError, match="exact, binom, chi2"):
        tes([0.1, 0.2], [0.1, 0.1], test="x")
    with pytest.raises(ModelError, match="theta has shape"):
        tes([0.1, 0.2], [0.1, 0.1], theta=[1.0, 2.0, 3.0])
    with pytest.raises(ModelError, match="not negative"):
        tes([0.1, 0.2], [0.1, 0.1], tau2=-1.0)
