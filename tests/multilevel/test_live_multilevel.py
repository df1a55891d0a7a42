"""Multilevel and multivariate fits against metafor asked now, its optimiser tightened."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.covariance import block_covariance, group_effects
from analysis.errors import ToolkitError
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from analysis.results import Design
from tests.tolerances import ITERATIVE, METAFOR, METAFOR_COVARIANCE


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "models.R").read_text(encoding="utf-8"))
    return result


def fit(record: dict[str, Any], **choices: Any) -> MultilevelFit:
    X = np.array(record["X"], dtype=float)
    constant = (X == 1.0).all(0)
    names = tuple("intrcpt" if one else f"x{index}" for index, one in enumerate(constant))
    design = Design(X=X, names=names, terms=(), has_intercept=bool(constant.any()))
    V = block_covariance(np.array(record["V"]), group_effects(record["outer"]))
    return fit_multilevel(record["yi"], V, design, **choices)


def same(ours: MultilevelFit, theirs: dict[str, Any]) -> None:
    loose = METAFOR if ours.structure is None else METAFOR_COVARIANCE
    np.testing.assert_allclose(ours.beta, theirs["beta"], rtol=METAFOR, atol=METAFOR * float(ours.se.max()))
    np.testing.assert_allclose(ours.se, theirs["se"], rtol=loose)
    # A tail probability multiplies the error of its z by z squared; its logarithm only doubles it.
    np.testing.assert_allclose(np.log(ours.pval), np.log(theirs["pval"]), rtol=10 * loose)
    np.testing.assert_allclose(ours.ci_lb, theirs["ci_lb"], rtol=METAFOR, atol=METAFOR * float(ours.se.max()))
    for name in ("sigma2", "tau2", "rho"):
        np.testing.assert_allclose(getattr(ours, name), np.ravel(theirs[name]), rtol=10 * loose, err_msg=name)
    shown = [ours.loglik, ours.deviance, ours.aic, ours.bic, ours.aicc]
    np.testing.assert_allclose(shown, theirs["fit"], rtol=METAFOR)
    np.testing.assert_allclose([ours.qe, ours.qe_pval], theirs["qe"], rtol=METAFOR)
    np.testing.assert_allclose(ours.qm, theirs["qm"][0], rtol=10 * loose)
    np.testing.assert_allclose(np.log(ours.qm_pval), np.log(theirs["qm"][1]), rtol=10 * loose)
    assert ours.convergence.gradient < 1e-8


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_schools_in_districts(answers: dict[str, Any], method: str) -> None:
    theirs = answers["konstantopoulos"][method]
    same(fit(theirs, levels={"district": theirs["outer"], "school": theirs["inner"]}, method=method), theirs)


def test_konstantopoulos_as_published(answers: dict[str, Any]) -> None:
    theirs = answers["konstantopoulos"]["REML"]
    ours = fit(theirs, levels={"district": theirs["outer"], "school": theirs["inner"]})
    np.testing.assert_allclose([ours.beta[0], *ours.sigma2], [0.1847131637, 0.065061944, 0.032736518], rtol=METAFOR)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("kind", ["UN", "CS", "HCS", "DIAG"])
def test_two_outcomes_of_periodontal_trials(answers: dict[str, Any], kind: str, method: str) -> None:
    theirs = answers["berkey"][f"{kind} {method}"]
    ours = fit(theirs, structure=(kind, theirs["inner"], theirs["outer"]), method=method)
    if kind == "DIAG":
        theirs = {**theirs, "rho": []}
    same(ours, theirs)


@pytest.mark.parametrize("dfs", ["residual", "contain"])
@pytest.mark.parametrize("rho", ["0", "0.3", "0.6", "0.9"])
def test_correlated_and_hierarchical_effects_of_delinquency(answers: dict[str, Any], rho: str, dfs: str) -> None:
    theirs = answers["assink"][f"{rho} {dfs}"]
    ours = fit(theirs, levels={"study": theirs["outer"], "esid": theirs["inner"]}, test="t", dfs=dfs)
    same(ours, theirs)
    np.testing.assert_array_equal(ours.ddf, np.ravel(theirs["ddf"]))


AT_OURS = """
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
res <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = b, method = method,
              tau2 = tau2, rho = rho)
list(loglik = c(logLik(res)), beta = c(res$beta), se = res$se)
"""


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_metafor_finds_our_optimum_no_lower_than_its_own(r: Any, answers: dict[str, Any], method: str) -> None:
    theirs = answers["berkey"][f"UN {method}"]
    ours = fit(theirs, structure=("UN", theirs["inner"], theirs["outer"]), method=method)
    there = r(AT_OURS, method=method, tau2=ours.tau2.tolist(), rho=ours.rho.tolist())
    assert there["loglik"] >= theirs["fit"][0] - 1e-10
    np.testing.assert_allclose(ours.loglik, there["loglik"], rtol=ITERATIVE)
    np.testing.assert_allclose(ours.beta, there["beta"], rtol=ITERATIVE)
    np.testing.assert_allclose(ours.se, there["se"], rtol=ITERATIVE)


def simple(**choices: Any) -> MultilevelFit:
    given: dict[str, Any] = {"levels": {"study": [1, 1, 2, 3, 3], "effect": range(5)}, **choices}
    return fit_multilevel([0.1, 0.4, 0.3, 0.9, 0.5], given.pop("V", np.full(5, 0.05)), **given)


def test_a_level_with_one_group_is_fixed_at_zero_and_told() -> None:
    ours = simple(levels={"lab": [1] * 5, "study": [1, 1, 2, 3, 3]})
    assert ours.sigma2[0] == 0.0
    assert "single group" in ours.notes[0]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"levels": {"a": [1, 1, 2, 3, 3], "b": [4, 4, 5, 6, 6]}}, "group the effects alike"),
        ({"V": np.array([0.1, 0.1, -0.1, 0.1, 0.1])}, "sampling variance is > 0"),
        ({"levels": {}}, "at least one level"),
        ({"method": "DL"}, 'method "DL" is not known'),
        ({"structure": ("AR", [1, 2, 1, 1, 2], [1, 1, 2, 3, 3])}, 'structure "AR" is not known'),
        ({"structure": ("UN", [1, 1, 1, 2, 2], [1, 1, 2, 3, 3])}, "never occur in the same group"),
    ],
)
def test_a_model_that_cannot_be_fitted_says_why(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolkitError, match=said):
        simple(**choices)


def test_v_that_is_not_positive_definite_names_its_effects() -> None:
    V = np.full((5, 5), 0.05) * (np.array([1, 1, 2, 3, 3])[:, None] == np.array([1, 1, 2, 3, 3]))
    V[0, 1] = V[1, 0] = 0.06
    with pytest.raises(ToolkitError, match=r"not positive definite in the cluster of effects 1, 2\."):
        simple(V=block_covariance(V, group_effects([1, 1, 2, 3, 3])))
