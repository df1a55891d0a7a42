"""Tests around a model against metafor: permutation, joint, likelihood ratio, collinearity, n-weighted means."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.frequentist import (
    fit_hunter_schmidt,
    fit_meta_regression,
    joint_test,
    likelihood_ratio_test,
    permutation_test,
    variance_inflation,
)
from analysis.results import Design, Term
from tests.tolerances import CLOSED_FORM, METAFOR


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "inference.R").read_text(encoding="utf-8"))
    return result


@pytest.fixture
def design(answers: dict[str, Any]) -> Design:
    """BCG trials on allocation (two dummies) and latitude."""
    X = np.array(answers["bcg"]["X"], dtype=float)
    names = ("intrcpt", "allocrandom", "allocsystematic", "ablat")
    terms = (Term(name="alloc", columns=(1, 2)), Term(name="ablat", columns=(3,)))
    return Design(X=X, names=names, terms=terms, has_intercept=True)


@pytest.mark.parametrize("test", ["z", "knha"])
def test_exact_permutation_of_signs_and_of_rows(answers: dict[str, Any], test: str) -> None:
    few, theirs = answers["few"], answers["permutation"][test]
    choices: dict[str, Any] = {"method": "DL", "test": test, "permutations": 720, "seed": 1}
    mean = permutation_test(few["yi"], few["vi"], **choices)
    X = np.column_stack([np.ones(6), few["ablat"]])
    slope = permutation_test(few["yi"], few["vi"], X, **choices)
    assert (mean.exact, slope.exact, slope.permutations) == (True, True, 720)
    np.testing.assert_allclose(mean.pval, theirs["mean"]["pval"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(slope.pval, theirs["slope"]["pval"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(slope.qm_pval, theirs["slope"]["qm_pval"], rtol=CLOSED_FORM)


@pytest.mark.parametrize("test", ["z", "knha"])
def test_joint_test_of_a_factor(answers: dict[str, Any], design: Design, test: str) -> None:
    fit = fit_meta_regression(answers["bcg"]["yi"], answers["bcg"]["vi"], design, test=test)
    ours, theirs = joint_test(fit, (1, 2)), answers["joint"][test]
    np.testing.assert_allclose([ours.stat, ours.pval], [theirs["stat"], theirs["pval"]], rtol=METAFOR)


def test_likelihood_ratio_of_a_factor(answers: dict[str, Any], design: Design) -> None:
    yi, vi = answers["bcg"]["yi"], answers["bcg"]["vi"]
    full = fit_meta_regression(yi, vi, design, method="ML")
    reduced = fit_meta_regression(yi, vi, design.X[:, [0, 3]], method="ML")
    ours = likelihood_ratio_test(full, reduced)
    np.testing.assert_allclose([ours.stat, ours.pval], list(answers["ratio"].values()), rtol=METAFOR)


def test_generalised_variance_inflation(answers: dict[str, Any], design: Design) -> None:
    fit = fit_meta_regression(answers["bcg"]["yi"], answers["bcg"]["vi"], design, method="ML")
    for ours in variance_inflation(fit, design):
        theirs = answers["vif"][ours.term][0]
        np.testing.assert_allclose([ours.gvif, ours.gsif], [theirs["vif"], theirs["sif"]], rtol=METAFOR)


def test_hunter_schmidt_mean_of_160_interview_validities(answers: dict[str, Any]) -> None:
    data = answers["interviews"]
    fit = fit_hunter_schmidt(data["ri"], data["ni"])
    np.testing.assert_allclose([fit.beta[0], fit.se[0]], [data["beta"], data["se"]], rtol=CLOSED_FORM)
