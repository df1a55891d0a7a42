"""Selection models against metafor asked now, and against integrals by scipy."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.selection import fit_selection
from analysis.fragility.selection_results import SelectionFit
from tests.tolerances import ITERATIVE, METAFOR

HERE = Path(__file__).parent
# Vevea & Woods (2005), table 1: steps, moderate and severe one-tailed, moderate and severe two-tailed selection.
STEPS = (0.005, 0.01, 0.05, 0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90, 0.95, 0.99, 0.995, 1)
MODERATE = (1, 0.99, 0.95, 0.80, 0.75, 0.65, 0.60, 0.55, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50)
SEVERE = (1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.40, 0.35, 0.30, 0.25, 0.10, 0.10, 0.10, 0.10)
BOTH_TAILS = (1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.25, 0.25, 0.50, 0.60, 0.75, 0.90, 0.99, 1)
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "one step": ("hackshaw", {"steps": 0.025}),
    "two steps": ("hackshaw", {"steps": (0.05, 0.5)}),
    "three steps": ("hackshaw", {"steps": (0.05, 0.10, 0.50, 1)}),
    "moderate": ("hackshaw", {"steps": STEPS, "delta": MODERATE}),
    "severe": ("hackshaw", {"steps": STEPS, "delta": SEVERE}),
    "both tails": ("hackshaw", {"steps": STEPS, "delta": BOTH_TAILS}),
    "some given": ("hackshaw", {"steps": (0.05, 0.5, 1), "delta": (1, None, 0.5)}),
    "either sign": ("hackshaw", {"steps": 0.05, "alternative": "two.sided"}),
    "either sign, two steps": ("lehmann", {"steps": (0.05, 0.2), "alternative": "two.sided"}),
    "homogeneous": ("hackshaw", {"steps": 0.05, "method": "EE"}),
    "red on attractiveness": ("lehmann", {"steps": 0.025}),
    "red on attractiveness, two steps": ("lehmann", {"steps": (0.025, 0.5)}),
    "moderator": ("lehmann", {"steps": 0.025, "X": "preregistered"}),
    "vaccine": ("bcg", {"steps": 0.025, "alternative": "less"}),
    "vaccine by latitude": ("bcg", {"steps": 0.025, "alternative": "less", "X": "ablat"}),
    "writing to learn": ("bangertdrowns", {"steps": (0.025, 0.5)}),
    "beta": ("hackshaw", {"kind": "beta"}),
    "beta, given": ("hackshaw", {"kind": "beta", "delta": (0.8, 1.2)}),
}


@pytest.fixture(scope="module")
def data(r: Any) -> dict[str, Any]:
    result: dict[str, Any] = r((HERE / "selection_data.R").read_text(encoding="utf-8"))
    return result


def fit(data: dict[str, Any], name: str) -> SelectionFit:
    source, choices = CASES[name]
    words = dict(choices)
    if "X" in words:
        column = np.array(data[source][words.pop("X")], dtype=float)
        words["X"] = np.column_stack([np.ones(len(column)), column])
    return fit_selection(data[source]["yi"], data[source]["vi"], **words)


@pytest.fixture(scope="module")
def answers(r: Any, data: dict[str, Any]) -> dict[str, tuple[SelectionFit, dict[str, Any]]]:
    """All of it in one R process."""
    ours = {name: fit(data, name) for name in CASES}
    sent = []
    for name, (source, words) in CASES.items():
        one = ours[name]
        sent.append(
            {
                "yi": data[source]["yi"],
                "vi": data[source]["vi"],
                "X": data[source][words["X"]] if "X" in words else None,
                "kind": one.kind,
                "alternative": one.alternative,
                "method": one.method,
                "steps": list(one.steps) or None,
                "delta": words.get("delta"),
                "beta": one.beta.tolist(),
                "tau2": float(one.tau2),
                "start": one.delta.tolist(),
            }
        )
    theirs: Any = r((HERE / "selection.R").read_text(encoding="utf-8"), cases=sent)
    return {name: (ours[name], theirs[i]) for i, name in enumerate(CASES)}


def numbers(values: Any) -> np.ndarray:
    return np.array(
        [np.nan if one in (None, "NA", "NaN") else one for one in np.ravel(np.array(values, object))], float
    )


@pytest.mark.parametrize("name", CASES)
def test_as_metafor(answers: dict[str, tuple[SelectionFit, dict[str, Any]]], name: str) -> None:
    ours, theirs = answers[name]
    # metafor integrates a beta weight function numerically, with its kinks inside the range.
    loose = 100.0 if ours.kind == "beta" else 1.0
    assert ours.convergence.converged
    np.testing.assert_allclose(ours.loglik, theirs["ll"], rtol=METAFOR * loose)
    if theirs["cold"] is not None and np.isfinite(numbers(theirs["cold"])).all():
        assert ours.loglik >= theirs["cold"] - METAFOR * loose
    scale = float(np.max(ours.se))
    np.testing.assert_allclose(ours.beta, theirs["beta"], rtol=METAFOR * loose, atol=METAFOR * loose * scale)
    np.testing.assert_allclose(ours.tau2, theirs["tau2"], rtol=10 * METAFOR * loose, atol=1e-9)
    np.testing.assert_allclose(ours.delta, theirs["delta"], rtol=10 * METAFOR * loose)
    np.testing.assert_allclose(ours.lrt, theirs["LRT"], atol=10 * METAFOR * loose)
    np.testing.assert_allclose(ours.lrt_tau2, numbers(theirs["LRT_tau2"])[0], atol=10 * METAFOR * loose)
    shown = [ours.loglik, ours.deviance, ours.aic, ours.bic, ours.aicc]
    np.testing.assert_allclose(shown, theirs["fit"], rtol=METAFOR * loose)
    if ours.kind == "stepfun":
        np.testing.assert_array_equal(ours.k_interval, theirs["k"])


@pytest.mark.parametrize("name", CASES)
def test_standard_errors_as_metafor(answers: dict[str, tuple[SelectionFit, dict[str, Any]]], name: str) -> None:
    """At tau2 = 0 metafor differentiates across the bound; ours holds it there, and it has no standard error."""
    ours, theirs = answers[name]
    if ours.method == "ML" and theirs["tau2"] < 1e-9:
        assert ours.tau2 == 0.0
        assert np.isnan(ours.se_tau2)
        assert np.isfinite(ours.se).all()
        return
    loose = 1e-2 if ours.kind == "beta" else 1e-5
    np.testing.assert_allclose(ours.se, theirs["se"], rtol=loose)
    np.testing.assert_allclose(ours.se_tau2, numbers(theirs["se_tau2"])[0], rtol=loose)
    np.testing.assert_allclose(ours.se_delta, numbers(theirs["se_delta"]), rtol=loose)
    np.testing.assert_allclose([ours.qm, ours.qm_pval], [theirs["QM"], theirs["QMp"]], rtol=10 * loose)


def seen_between(weight: Any, law: Any, low: float, high: float) -> float:
    """Part of the probability of being seen, in z."""
    part, _ = integrate.quad(lambda z: weight(z) * law.pdf(z), low, high, epsabs=0, epsrel=1e-10)
    return float(part)


def by_integration(one: SelectionFit, y: np.ndarray, v: np.ndarray, theta: np.ndarray) -> float:
    """Log-likelihood of a mean (theta: mu, tau2, both powers) under a beta weight function, by scipy's quadrature."""
    mu, tau2, *power = theta
    both = one.alternative == "two.sided"

    def weight(z: float) -> float:
        p = 2 * stats.norm.sf(abs(z)) if both else stats.norm.sf(z)
        p = min(max(p, 1e-5), 1 - 1e-5)
        return float(p ** (power[0] - 1) * (1 - p) ** (power[1] - 1))

    outer = stats.norm.isf(0.5e-5 if both else 1e-5)
    inner = stats.norm.ppf(0.5 + 0.5e-5)
    kinks = [-40, -outer, -1, -0.1, -1e-3, -inner, inner, 1e-3, 0.1, 1, outer, 40]
    total = 0.0
    for yi, vi in zip(y, v, strict=True):
        law = stats.norm(mu / np.sqrt(vi), np.sqrt((vi + tau2) / vi))
        parts = [seen_between(weight, law, *ends) for ends in itertools.pairwise(kinks)]
        total += np.log(weight(yi / np.sqrt(vi))) + stats.norm.logpdf(yi, mu, np.sqrt(vi + tau2)) - np.log(sum(parts))
    return float(total)


@pytest.mark.parametrize("alternative", ["greater", "two.sided"])
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_beta_weights_against_adaptive_integration(alternative: str) -> None:
    rng = np.random.default_rng(3)
    v = rng.uniform(0.01, 0.2, 12)
    y = rng.normal(0.3, np.sqrt(v + 0.05))
    one = fit_selection(y, v, kind="beta", alternative=alternative)
    theta = np.array([one.beta[0], one.tau2, *one.delta])
    assert one.convergence.converged
    assert one.tau2 > 0
    best = by_integration(one, y, v, theta)
    np.testing.assert_allclose(one.loglik, best, rtol=ITERATIVE)
    if alternative == "greater":
        for step in np.diag(1e-3 * np.maximum(np.abs(theta), 0.05)):
            assert max(by_integration(one, y, v, theta + side * step) for side in (-1, 1)) < best


def by_steps(y: np.ndarray, v: np.ndarray, theta: np.ndarray, steps: tuple[float, ...], both: bool) -> float:
    """Log-likelihood of a mean (theta: mu, tau2, weights) under step weights, from scipy's normal law alone."""
    mu, tau2, *delta = theta
    weight, total = np.array([1.0, *delta]), 0.0
    for yi, vi in zip(y, v, strict=True):
        s = np.sqrt(vi + tau2)
        law = stats.norm(mu, s)
        p = 2 * stats.norm.sf(abs(yi) / np.sqrt(vi)) if both else stats.norm.sf(yi / np.sqrt(vi))
        within, before = 0.0, 0.0
        for w, step in zip(weight, steps, strict=True):
            c = stats.norm.isf(step / 2 if both else step) * np.sqrt(vi)
            upto = law.sf(c) + (law.cdf(-c) if both else 0.0)
            within, before = within + w * (upto - before), upto
        total += np.log(weight[np.searchsorted(steps, p)]) + law.logpdf(yi) - np.log(within)
    return float(total)


@pytest.mark.parametrize("both", [False, True])
def test_curvature_against_differences_of_scipys_likelihood(both: bool) -> None:
    rng = np.random.default_rng(8)
    v = rng.uniform(0.01, 0.1, 40)
    y = rng.normal(0.25, np.sqrt(v + 0.04))
    steps = (0.025, 0.5, 1.0) if not both else (0.05, 0.4, 1.0)
    one = fit_selection(y, v, steps=steps, alternative="two.sided" if both else "greater")
    theta = np.array([one.beta[0], one.tau2, *one.delta[1:]])
    np.testing.assert_allclose(one.loglik, by_steps(y, v, theta, steps, both), rtol=1e-12)
    h = 1e-4 * np.maximum(theta, 0.05)
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            a, b = np.eye(4)[i] * h, np.eye(4)[j] * h
            corner = [
                by_steps(y, v, theta + p * a + q * b, steps, both) for p, q in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            hessian[i, j] = (corner[0] - corner[1] - corner[2] + corner[3]) / (4 * h[i] * h[j])
    se = np.sqrt(np.diagonal(np.linalg.inv(-hessian)))
    np.testing.assert_allclose([one.se[0], one.se_tau2, *one.se_delta[1:]], se, rtol=1e-4)


def test_a_batch_is_its_data_sets() -> None:
    rng = np.random.default_rng(5)
    y, v = rng.normal(0.3, 0.3, (6, 30)), rng.uniform(0.01, 0.1, (6, 30))
    many = fit_selection(y, v)
    for i in range(6):
        alone = fit_selection(y[i], v[i])
        for name in ("beta", "se", "tau2", "delta", "loglik", "lrt", "lrt_tau2", "qm"):
            np.testing.assert_allclose(getattr(many, name)[i], getattr(alone, name), rtol=1e-7, err_msg=name)


def test_a_mask_leaves_effects_out(data: dict[str, Any]) -> None:
    y, v = np.array(data["hackshaw"]["yi"]), np.array(data["hackshaw"]["vi"])
    without = ~np.eye(len(y), dtype=bool)[:5]
    many = fit_selection(y, v, mask=without)
    for i in range(5):
        alone = fit_selection(y[without[i]], v[without[i]])
        np.testing.assert_allclose(many.beta[i], alone.beta, rtol=1e-7)
        np.testing.assert_allclose(many.loglik[i], alone.loglik, rtol=1e-10)


def test_turned_effects_turn_the_answer(data: dict[str, Any]) -> None:
    y, v = np.array(data["hackshaw"]["yi"]), np.array(data["hackshaw"]["vi"])
    one, other = fit_selection(y, v), fit_selection(-y, v, alternative="less")
    np.testing.assert_allclose(one.beta, -other.beta, rtol=1e-12)
    np.testing.assert_allclose([one.ci_lb, one.ci_ub], [-other.ci_ub, -other.ci_lb], rtol=1e-12)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0.9, 1.0, 1.1, 0.95, 1.05], "no effect has such a p value"),
        ([0.05, 0.02, -0.01, 0.04, 0.0], "no effect has such a p value"),
        ([0.1, 0.5], "2 effects cannot determine the 3 parameters"),
        ([0.1], "1 effects cannot determine"),
    ],
)
def test_what_cannot_be_fitted_is_said(y: list[float], words: str) -> None:
    with pytest.raises((ModelError, TooFewStudiesError), match=words):
        fit_selection(y, np.full(len(y), 0.01))


@pytest.mark.parametrize(
    ("y", "v"),
    [
        ([0.1, 0.3, 0.5], [0.01, 0.02, 0.03]),
        ([0.1, 0.3, 0.5, 0.2, 0.4], [0.01, 0.02, 0.03, 0.01, 0.02]),
        ([0.3] * 6, [0.01, 0.01, 0.01, 0.1, 0.1, 0.1]),
        ([0.1, 0.15, 0.2, 0.1, 0.12, 9.0], [0.02, 0.02, 0.02, 0.02, 0.02, 1e-6]),
    ],
)
def test_small_and_odd_data_give_sentences(y: list[float], v: list[float]) -> None:
    one = fit_selection(y, v)
    assert any("goes astray" in note for note in one.notes)
    assert any("fewer than 4" in note for note in one.notes)


def test_a_data_set_that_cannot_be_fitted_spares_its_batch() -> None:
    y = np.array([[0.9, 1.0, 1.1, 0.95, 1.05], [0.1, 0.3, 0.5, 0.0, 0.4]])
    many = fit_selection(y, np.full(y.shape, 0.02))
    assert np.isnan(many.beta[0]).all()
    assert np.isfinite(many.beta[1]).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"steps": (0.5, 2)}, "steps"),
        ({"steps": 1.0}, "one interval"),
        ({"delta": (1, 0.5, 0.2)}, "3 values for 2 parameters"),
        ({"delta": (2, 0.5)}, "relative to the first interval"),
        ({"delta": (1, -0.5)}, "below 0"),
        ({"delta": (1, 0.0)}, "its weight is 0"),
        ({"kind": "logistic"}, "not known"),
        ({"alternative": "up"}, "not known"),
        ({"method": "REML"}, "Use ML"),
        ({"test": "knha"}, "Use z"),
        ({"X": [1.0, 2.0, 3.0]}, "one row per effect"),
    ],
)
def test_words_that_are_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        fit_selection([0.1, 0.3, 0.5], [0.02, 0.02, 0.02], **words)
