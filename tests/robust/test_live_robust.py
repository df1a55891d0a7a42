"""Cluster-robust inference against clubSandwich, live: variances, degrees of freedom, joint tests, contrasts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.covariance import block_covariance, diagonal_covariance, group_effects
from analysis.errors import ModelError
from analysis.frequentist import fit_multilevel, htz_test, robust_contrast, robust_fit
from analysis.frequentist.robust import RobustFit
from analysis.results import Design, Term
from analysis.vocabulary import ROBUST_KINDS
from tests.conftest import RunR
from tests.tolerances import ITERATIVE, METAFOR

MODELS = ("three_level", "moderated", "correlated", "independent")


@pytest.fixture(scope="module")
def answers(r: RunR) -> dict[str, Any]:
    code = (Path(__file__).parent / "models.R").read_text(encoding="utf-8")
    return r(code)


def fit(answer: dict[str, Any], kind: str) -> RobustFit:
    """The model as R fitted it, with our robust inference."""
    X, yi, beta = np.array(answer["X"]), np.array(answer["yi"]), np.array(answer["beta"])
    clusters = group_effects(answer["cluster"])
    marginal = block_covariance(np.array(answer["M"]), clusters)
    names = ["intrcpt", *(f"x{column}" for column in range(1, X.shape[1]))]
    return robust_fit(beta, names, X, yi - X @ beta, marginal, answer["cluster"], kind)


@pytest.mark.parametrize("kind", ROBUST_KINDS)
@pytest.mark.parametrize("model", MODELS)
def test_variances_and_degrees_of_freedom_are_those_of_clubsandwich(
    answers: dict[str, Any], model: str, kind: str
) -> None:
    ours, theirs = fit(answers[model], kind), answers[model]["kinds"][kind]
    assert_allclose(ours.vb, theirs["vb"], rtol=ITERATIVE, atol=1e-12)
    assert_allclose(ours.se, theirs["se"], rtol=ITERATIVE)
    assert_allclose(ours.ddf, theirs["df"], rtol=METAFOR)
    for name, column in (("pval", ours.pval), ("lb", ours.ci_lb), ("ub", ours.ci_ub)):
        assert_allclose(column, theirs[name], rtol=METAFOR)


@pytest.mark.parametrize("kind", ROBUST_KINDS)
@pytest.mark.parametrize(
    ("model", "constraints"),
    [("moderated", [[1, 2], [1]]), ("correlated", [[1, 2], [3], [1, 2, 3]]), ("independent", [[1]])],
)
def test_joint_tests_are_those_of_clubsandwich(
    answers: dict[str, Any], model: str, constraints: list[list[int]], kind: str
) -> None:
    ours = fit(answers[model], kind)
    for columns, theirs in zip(constraints, answers[model]["kinds"][kind]["wald"], strict=True):
        test = htz_test(ours, np.eye(len(ours.beta))[columns])
        assert_allclose([test.stat, test.df, test.ddf, test.pval], theirs, rtol=METAFOR)


@pytest.mark.parametrize(
    ("model", "line"), [("moderated", [1, 0.5, 0.25]), ("correlated", [1, 1, 0, 1]), ("independent", [1, 30])]
)
def test_a_contrast_is_that_of_clubsandwich(answers: dict[str, Any], model: str, line: list[float]) -> None:
    ours = robust_contrast(fit(answers[model], "CR2"), line)
    theirs = answers[model]["kinds"]["CR2"]["line"]
    for name, value in (("est", ours.estimate), ("se", ours.se), ("df", ours.ddf), ("lb", ours.ci_lb)):
        assert_allclose(value, theirs[name], rtol=METAFOR)
    assert_allclose(ours.pval, theirs["pval"], rtol=METAFOR)


def test_konstantopoulos_from_our_own_fit(answers: dict[str, Any], r: RunR) -> None:
    data = r("dat.konstantopoulos2011[c('yi', 'vi', 'district', 'school')]")
    frame = {name: np.array([row[name] for row in data]) for name in ("yi", "vi", "district", "school")}  # type: ignore[index,call-overload]
    model = fit_multilevel(frame["yi"], frame["vi"], levels={"district": frame["district"], "school": frame["school"]})
    ours = robust_fit(model.beta, model.names, model.X, model.residuals, model.M, frame["district"], "CR2")
    # clubSandwich's digits.
    assert_allclose(ours.se, [0.08445799543], rtol=METAFOR)
    assert_allclose(ours.ddf, [9.863156233], rtol=METAFOR)


def simulated(clusters: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    cluster = np.repeat(np.arange(clusters), 3)
    X = np.column_stack([np.ones(len(cluster)), random.normal(size=len(cluster))])
    return random.normal(size=len(cluster)), np.full(len(cluster), 0.04), X, cluster


def own(clusters: int, **choices: Any) -> RobustFit:
    yi, vi, X, cluster = simulated(clusters)
    beta = np.linalg.lstsq(X, yi, rcond=None)[0]
    given = {"kind": "CR2", "cluster": cluster, "beta": beta, **choices}
    return robust_fit(
        names=("intrcpt", "x"), X=X, residuals=yi - X @ given["beta"], marginal=diagonal_covariance(vi), **given
    )


def test_one_cluster_is_refused() -> None:
    with pytest.raises(ModelError, match="one cluster"):
        own(4, cluster=np.zeros(12))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ModelError, match="CR9 is no kind"):
        own(4, kind="CR9")


def test_coefficients_of_other_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="not those of least squares"):
        own(4, beta=np.array([1.0, 1.0]))


def test_few_degrees_of_freedom_are_said() -> None:
    assert any("fewer than 4" in note for note in own(3).notes)
    assert not own(40).notes


def test_terms_are_tested_jointly() -> None:
    yi, vi, X, cluster = simulated(20)
    beta = np.linalg.lstsq(X, yi, rcond=None)[0]
    terms = Design(X=X, names=("intrcpt", "x"), terms=(Term(name="x", columns=(1,)),), has_intercept=True).terms
    found = robust_fit(beta, ("intrcpt", "x"), X, yi - X @ beta, diagonal_covariance(vi), cluster, terms=terms)
    assert found.tests[0].term == "x"
    # One constraint: the square of the t statistic, on its degrees of freedom.
    assert_allclose([found.tests[0].stat, found.tests[0].ddf], [found.stat[1] ** 2, found.ddf[1]], rtol=ITERATIVE)
