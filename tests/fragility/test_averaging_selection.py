"""Averaging over selection models against integrals by scipy, one model at a time."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from analysis.errors import ModelError
from analysis.fragility.selection_averaging import AveragedSelection, Bias, average_selection

Y = np.array([0.45, 0.1, 0.62, 0.3, 0.05, 0.5])
V = np.array([0.04, 0.03, 0.06, 0.02, 0.05, 0.03])
PRIOR_MU, PRIOR_TAU = stats.norm(0, 1), stats.invgamma(1, scale=0.15)


def likelihood(
    mu: float, tau: float, weight: tuple[float, ...] = (), steps: tuple[float, ...] = (), both: bool = False
) -> float:
    s = np.sqrt(V + tau**2)
    total = float(np.prod(np.exp(-0.5 * ((Y - mu) / s) ** 2) / s / np.sqrt(2 * np.pi)))
    if not steps:
        return total
    w = np.array([1.0, *weight])
    cut = stats.norm.isf(np.array(steps) / 2 if both else np.array(steps))
    z = Y / np.sqrt(V)
    p = 2 * stats.norm.sf(np.abs(z)) if both else stats.norm.sf(z)
    seen = w[-1] * np.ones(len(Y))
    for j, c in enumerate(cut):
        upper = stats.norm.sf((c * np.sqrt(V) - mu) / s)
        upper += stats.norm.cdf((-c * np.sqrt(V) - mu) / s) if both else 0.0
        seen += (w[j] - w[j + 1]) * upper
    return total * float(np.prod(w[np.searchsorted(steps, p)] / seen))


@pytest.fixture(scope="module")
def one() -> AveragedSelection:
    return average_selection(Y, V)


def log_ml(one: AveragedSelection, effect: bool, heterogeneity: bool, bias: str) -> float:
    return next(m.log_ml for m in one.models if (m.effect, m.heterogeneity, m.bias) == (effect, heterogeneity, bias))


def integral(f: Callable[..., float], *ranges: tuple[float, float]) -> float:
    value, _ = integrate.nquad(f, list(ranges), opts={"epsabs": 0, "epsrel": 1e-5, "limit": 100})
    return float(np.log(value))


def test_no_bias(one: AveragedSelection) -> None:
    np.testing.assert_allclose(log_ml(one, False, False, "none"), np.log(likelihood(0, 0)), rtol=1e-10)
    by_scipy = integral(lambda mu: likelihood(mu, 0) * PRIOR_MU.pdf(mu), (-1, 2))
    np.testing.assert_allclose(log_ml(one, True, False, "none"), by_scipy, atol=1e-7)
    by_scipy = integral(lambda u: likelihood(0, np.exp(u)) * PRIOR_TAU.pdf(np.exp(u)) * np.exp(u), (-6, 4))
    np.testing.assert_allclose(log_ml(one, False, True, "none"), by_scipy, atol=1e-7)


def test_weights_alone(one: AveragedSelection) -> None:
    by_scipy = integral(lambda w: likelihood(0, 0, (w,), (0.05,)), (0, 1))
    np.testing.assert_allclose(log_ml(one, False, False, "one-sided .05"), by_scipy, atol=1e-8)
    by_scipy = integral(lambda w: likelihood(0, 0, (w,), (0.05,), True), (0, 1))
    np.testing.assert_allclose(log_ml(one, False, False, "two-sided .05"), by_scipy, atol=1e-8)
    # The weights are ordered: the third is a share of the second, under density 2.
    by_scipy = integral(lambda s, w: 2 * w * likelihood(0, 0, (w, s * w), (0.025, 0.05)), (0, 1), (0, 1))
    np.testing.assert_allclose(log_ml(one, False, False, "one-sided .025 .05"), by_scipy, atol=1e-7)


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_mean_and_weight(one: AveragedSelection) -> None:
    by_scipy = integral(lambda w, mu: likelihood(mu, 0, (w,), (0.05,)) * PRIOR_MU.pdf(mu), (0, 1), (-2, 1.5))
    np.testing.assert_allclose(log_ml(one, True, False, "one-sided .05"), by_scipy, atol=1e-5)


def test_heterogeneity_and_weight(one: AveragedSelection) -> None:
    by_scipy = integral(
        lambda w, u: likelihood(0, np.exp(u), (w,), (0.05,)) * PRIOR_TAU.pdf(np.exp(u)) * np.exp(u), (0, 1), (-6, 4)
    )
    np.testing.assert_allclose(log_ml(one, False, True, "one-sided .05"), by_scipy, atol=1e-5)


@pytest.mark.parametrize(("name", "x", "scale"), [("PET", np.sqrt(V), 1.0), ("PEESE", V, 5.0)])
def test_slopes(one: AveragedSelection, name: str, x: np.ndarray, scale: float) -> None:
    """Over the mean in closed form: effects less the slope are normal with covariance diag(v) + 1."""
    law = stats.multivariate_normal(np.zeros(len(Y)), np.diag(V) + 1.0)
    by_scipy = np.log(
        integrate.quad(lambda b: law.pdf(Y - b * x) * 2 * stats.cauchy.pdf(b, scale=scale), 0, 60, limit=500)[0]
    )
    np.testing.assert_allclose(log_ml(one, True, False, name), by_scipy, atol=1e-4)


def test_interval_holds_what_it_says() -> None:
    """With next to no prior on bias the posterior given an effect is a mixture of normals over tau."""
    one = average_selection(Y, V, biases=(Bias(name="PET", prior_prob=1e-12, slope="sei"),))

    def parts(tau: float, edge: float) -> tuple[float, float]:
        s2 = V + tau**2
        marginal = stats.multivariate_normal(np.zeros(len(Y)), np.diag(s2) + 1.0).pdf(Y)
        precision = 1.0 + (1 / s2).sum()
        return marginal, stats.norm.cdf(edge, (Y / s2).sum() / precision, precision**-0.5)

    for edge, probability in ((one.ci_lb_given_effect, 0.025), (one.ci_ub_given_effect, 0.975)):
        total, below = parts(0.0, edge)
        below *= total

        def density(u: float, part: int, edge: float = edge) -> float:
            m, c = parts(np.exp(u), edge)
            return (m if part == 0 else m * c) * PRIOR_TAU.pdf(np.exp(u)) * np.exp(u)

        total += integrate.quad(density, -6, 5, args=(0,))[0]
        below += integrate.quad(density, -6, 5, args=(1,))[0]
        np.testing.assert_allclose(below / total, probability, atol=2e-4)


def test_probabilities_add_up_and_signs_turn(one: AveragedSelection) -> None:
    assert sum(m.prior_prob for m in one.models) == pytest.approx(1.0)
    assert sum(m.posterior_prob for m in one.models) == pytest.approx(1.0)
    assert one.mean == pytest.approx(sum(m.posterior_prob * m.mean for m in one.models))
    odds = [sum(m.posterior_prob for m in one.models if m.effect is side) for side in (True, False)]
    assert one.log_bf_effect == pytest.approx(np.log(odds[0] / odds[1]))
    other = average_selection(-Y, V, alternative="less")
    assert other.mean == pytest.approx(-one.mean)
    assert other.log_bf_bias == pytest.approx(one.log_bf_bias)


@pytest.mark.parametrize("y", [[0.3], [0.3, 0.3, 0.3], [0.1, 0.2, 9.0], [0.01, 0.02, 0.0]])
def test_few_or_odd_effects(y: list[float]) -> None:
    few = (Bias(name="one-sided .05", prior_prob=0.5, steps=(0.05, 1.0)),)
    one = average_selection(y, np.full(len(y), 0.02), biases=few)
    assert np.isfinite([one.mean, one.ci_lb, one.ci_ub, one.log_bf_effect]).all()
    assert any("hardly be told apart" in note for note in one.notes)


def test_refusals() -> None:
    with pytest.raises(ModelError, match="leave some"):
        average_selection(Y, V, biases=())
    with pytest.raises(ModelError, match="Mend"):
        average_selection(Y, V, mu_sd=0.0)
