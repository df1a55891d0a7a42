"""p-uniform* against truncated normal laws maximised by scipy, and against the step selection model it is part of."""

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.p_uniform import p_uniform_star
from analysis.fragility.selection import fit_selection
from analysis.frequentist.random_effects import fit_random_effects
from tests.tolerances import ITERATIVE


def draw(seed: int, mu: float = 0.3, tau: float = 0.2, k: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.08, 6 * k)
    y = rng.normal(mu, np.sqrt(v + tau**2))
    kept = (y / np.sqrt(v) > 1.96) | (rng.random(6 * k) < 0.3)
    return y[kept][:k], v[kept][:k]


def loglik(theta: np.ndarray, y: np.ndarray, v: np.ndarray) -> float:
    """Of truncated normal laws: van Aert & van Assen (2021), the likelihood of p-uniform*."""
    cut = stats.norm.isf(0.025) * np.sqrt(v)
    law = stats.norm(theta[0], np.sqrt(v + max(theta[1], 0.0)))
    return float((law.logpdf(y) - np.where(y > cut, law.logsf(cut), law.logcdf(cut))).sum())


def best(y: np.ndarray, v: np.ndarray, hold: dict[int, float]) -> float:
    free = [place for place in (0, 1) if place not in hold]

    def loss(x: np.ndarray) -> float:
        theta = np.array([hold.get(0, 0.0), hold.get(1, 0.0)])
        theta[free] = np.where(np.array(free) == 1, np.abs(x), x)
        return -loglik(theta, y, v)

    ends = [
        optimize.minimize(loss, [s[i] for i in free], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
        for s in ((0.2, 0.05), (-0.5, 0.3), (0.5, 0.01))
    ]
    return float(-min(end.fun for end in ends))


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_maximum_and_tests_by_scipy(seed: int) -> None:
    y, v = draw(seed)
    one = p_uniform_star(y, v)
    peak = best(y, v, {})
    np.testing.assert_allclose(one.loglik, peak, rtol=ITERATIVE)
    np.testing.assert_allclose(loglik(np.array([one.beta, one.tau2]), y, v), peak, rtol=ITERATIVE)
    np.testing.assert_allclose(one.stat, 2 * (peak - best(y, v, {0: 0.0})), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.lrt_tau2, 2 * (peak - best(y, v, {1: 0.0})), rtol=1e-6, atol=1e-8)
    plain = fit_random_effects(y, v, method="PM")
    apart = 2 * (peak - loglik(np.array([plain.beta[0], plain.tau2]), y, v))
    np.testing.assert_allclose(one.lrt_bias, apart, rtol=1e-6)
    np.testing.assert_allclose(one.lrt_bias_pval, stats.chi2.sf(apart, 2), rtol=1e-6)


def test_limits_are_where_the_profile_has_fallen() -> None:
    y, v = draw(3)
    one = p_uniform_star(y, v)
    for place, value in ((0, one.ci_lb), (0, one.ci_ub), (1, one.tau2_ci_ub)):
        fall = 2 * (one.loglik - best(y, v, {place: value}))
        np.testing.assert_allclose(fall, stats.chi2.isf(0.05, 1), rtol=1e-5)
    assert one.ci_lb < one.beta < one.ci_ub


def test_it_is_the_step_model_less_the_number_of_significant_effects() -> None:
    """log L(step) = log L(p-uniform*) + sum of log probabilities of each effect's side of the critical value."""
    y, v = draw(4)
    step = fit_selection(y, v, steps=0.025)
    mu, tau2, weight = float(step.beta[0]), float(step.tau2), float(step.delta[1])
    beyond = stats.norm.sf(stats.norm.isf(0.025) * np.sqrt(v), mu, np.sqrt(v + tau2))
    significant = y > stats.norm.isf(0.025) * np.sqrt(v)
    side = np.where(significant, beyond, weight * (1 - beyond)) / (beyond + weight * (1 - beyond))
    np.testing.assert_allclose(step.loglik, loglik(np.array([mu, tau2]), y, v) + np.log(side).sum(), rtol=1e-12)


def test_turned_effects_turn_the_answer() -> None:
    y, v = draw(6)
    one, other = p_uniform_star(y, v), p_uniform_star(-y, v, alternative="less")
    np.testing.assert_allclose([one.beta, one.ci_lb, one.ci_ub], [-other.beta, -other.ci_ub, -other.ci_lb], rtol=1e-9)
    np.testing.assert_allclose([one.tau2, one.lrt_bias], [other.tau2, other.lrt_bias], rtol=1e-9)


def test_it_undoes_selection_where_it_was() -> None:
    estimates = np.array(
        [[p_uniform_star(*draw(s, 0.2, 0.1, 40)).beta, np.mean(draw(s, 0.2, 0.1, 40)[0])] for s in range(40)]
    )
    assert abs(np.nanmean(estimates[:, 0]) - 0.2) < 0.04
    assert np.nanmean(estimates[:, 1]) > 0.27


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([0.9, 1.0, 1.1, 0.95, 1.05], "All effects are significant"),
        ([0.05, 0.02, -0.01, 0.04, 0.0], "No effect is significant"),
        ([0.15, 0.16, 0.17], "No effect is significant"),
        ([0.3, 0.3, 0.3], "goes astray"),
        ([0.1, 0.2, 0.1, 30.0], "goes astray"),
        ([-0.5, -0.4, -0.6], "opposite"),
    ],
)
def test_few_or_odd_results_give_sentences(y: list[float], said: str) -> None:
    one = p_uniform_star(y, np.full(len(y), 0.01))
    assert any(said in note for note in one.notes), one.notes


def test_no_maximum_gives_no_estimate() -> None:
    one = p_uniform_star([0.1, 0.2, 0.3], [0.01, 0.02, 0.03])
    assert np.isnan([one.beta, one.tau2]).all()
    assert any("there is no estimate" in note for note in one.notes)


def test_refusals() -> None:
    with pytest.raises(TooFewStudiesError):
        p_uniform_star([1.0], [1.0])
    with pytest.raises(ModelError, match="greater or less"):
        p_uniform_star([1.0, 2.0], [1.0, 1.0], alternative="two.sided")
    with pytest.raises(ModelError, match="one data set"):
        p_uniform_star(np.ones((2, 3)), np.ones((2, 3)))
