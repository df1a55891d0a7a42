"""Contrasts, joint tests and likelihood-ratio tests of mixed models against metafor's anova."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_tests import (
    likelihood_ratio_test_mixed,
    mixed_contrast,
    mixed_joint_test,
    mixed_term_tests,
)
from analysis.results import Design, Term
from tests.multilevel.test_live_multilevel import fit
from tests.tolerances import METAFOR, METAFOR_COVARIANCE


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "tests.R").read_text(encoding="utf-8"))
    return result


def delinquency(theirs: dict[str, Any], **choices: Any) -> MultilevelFit:
    return fit(theirs, levels={"study": theirs["outer"], "esid": theirs["inner"]}, **choices)


# metafor turns z into t where dfs is "contain".
CHOICES = [("z", "residual"), ("t", "residual"), ("t", "contain")]


@pytest.mark.parametrize(("test", "dfs"), CHOICES)
def test_contrasts(answers: dict[str, Any], test: str, dfs: str) -> None:
    theirs = answers[f"{test} {dfs}"]
    ours = mixed_contrast(delinquency(theirs, test=test, dfs=dfs), theirs["L"])
    np.testing.assert_allclose(ours.estimate, theirs["estimate"], rtol=METAFOR)
    np.testing.assert_allclose(ours.se, theirs["se"], rtol=METAFOR)
    np.testing.assert_allclose(np.log(ours.pval), np.log(theirs["pval"]), rtol=10 * METAFOR)
    if test == "t":
        np.testing.assert_array_equal(ours.ddf, theirs["ddf"])
    else:
        assert np.isinf(ours.ddf).all()


@pytest.mark.parametrize(("test", "dfs"), CHOICES)
def test_terms(answers: dict[str, Any], test: str, dfs: str) -> None:
    theirs = answers[f"{test} {dfs}"]
    ours = delinquency(theirs, test=test, dfs=dfs)
    terms = (Term(name="deltype", columns=(1, 2)), Term(name="year", columns=(3,)))
    design = Design(X=ours.X, names=ours.names, terms=terms, has_intercept=True)
    first, second = mixed_term_tests(ours, design)
    np.testing.assert_allclose(first.stat, theirs["type"][0], rtol=METAFOR)
    np.testing.assert_allclose(np.log(first.pval), np.log(theirs["type"][1]), rtol=10 * METAFOR)
    assert (first.term, first.df, first.dist) == ("deltype", 2, "chi2" if test == "z" else "F")
    if test == "t":
        np.testing.assert_array_equal([first.ddf], theirs["typedf"])
    np.testing.assert_allclose(second.pval, ours.pval[3], rtol=1e-10)


def test_likelihood_ratios(answers: dict[str, Any]) -> None:
    k, a, b = answers["k"], answers["z residual"], answers["b"]
    rows = np.arange(len(k["yi"]))
    pairs = {
        "levels": (fit(k, levels={"district": k["outer"], "school": k["inner"]}), fit(k, levels={"row": rows})),
        "moderators": (delinquency(a, method="ML"), delinquency({**a, "X": np.array(a["X"])[:, :1]}, method="ML")),
        "structure": tuple(fit(b, structure=(kind, b["inner"], b["outer"])) for kind in ("UN", "CS")),
    }
    for name, (full, reduced) in pairs.items():
        ours = likelihood_ratio_test_mixed(full, reduced)
        stat, pval, df = answers["lrt"][name]
        np.testing.assert_allclose(ours.stat, stat, rtol=METAFOR_COVARIANCE, err_msg=name)
        np.testing.assert_allclose(ours.pval, pval, rtol=METAFOR_COVARIANCE, err_msg=name)
        assert ours.df == df


def test_what_does_not_compare_is_refused(answers: dict[str, Any]) -> None:
    a = answers["z residual"]
    mean = {**a, "X": np.array(a["X"])[:, :1]}
    full = delinquency(a)
    with pytest.raises(ModelError, match="Refit both models by ML"):
        likelihood_ratio_test_mixed(full, delinquency(mean))
    with pytest.raises(ModelError, match="by one method"):
        likelihood_ratio_test_mixed(full, delinquency(mean, method="ML"))
    with pytest.raises(ModelError, match="not nested"):
        likelihood_ratio_test_mixed(full, full)
    other = {**a, "X": np.array(a["X"])[:, :2] + np.array([[0.0, 1.0]]) * np.sin(np.arange(100.0))[:, None]}
    by_ml = delinquency(a, method="ML"), delinquency(other, method="ML")
    with pytest.raises(ModelError, match="does not hold"):
        likelihood_ratio_test_mixed(*by_ml)
    shifted = {**a, "yi": np.array(a["yi"]) + 0.1}
    with pytest.raises(ModelError, match="different effects"):
        likelihood_ratio_test_mixed(full, delinquency(shifted))
    wider = {**a, "V": np.array(a["V"]) * 2.0}
    with pytest.raises(ModelError, match="sampling covariances"):
        likelihood_ratio_test_mixed(full, delinquency(wider))


def test_combinations_that_do_not_fit_are_refused(answers: dict[str, Any]) -> None:
    ours = delinquency(answers["t contain"], test="t", dfs="contain")
    with pytest.raises(ModelError, match="needs 4 numbers"):
        mixed_contrast(ours, [1.0, 0.0])
    with pytest.raises(ModelError, match="not a number"):
        mixed_contrast(ours, [1.0, 0.0, np.nan, 0.0])
    with pytest.raises(ModelError, match="redundant"):
        mixed_joint_test(ours, [[0.0, 1.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    nothing = mixed_contrast(ours, [0.0, 0.0, 0.0, 0.0])
    assert nothing.estimate[0] == 0.0
    assert np.isnan(nothing.pval[0])
