"""Cluster-robust inference against metafor's own `robust()`, live, in all three of its conventions.

`adjust = FALSE` is CR0, `adjust = TRUE` multiplies by n / (n - p) for n clusters, which is CR1p; both are tested by t
on n - p degrees of freedom where ours are Satterthwaite's. `clubSandwich = TRUE` is CR2 with Satterthwaite's and, for
the moderators together, HTZ.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.covariance import block_covariance, group_effects
from analysis.frequentist import fit_meta_regression, fit_multilevel, robust_fit
from analysis.frequentist.laws import critical, two_sided
from analysis.frequentist.robust import RobustFit
from analysis.results import Array, Design
from tests.conftest import RunR
from tests.tolerances import METAFOR

MODELS = ("three_level", "correlated", "independent")


@pytest.fixture(scope="module")
def answers(r: RunR) -> dict[str, Any]:
    return r((Path(__file__).parent / "robust.R").read_text(encoding="utf-8"))


def fit(record: dict[str, Any], kind: str) -> RobustFit:
    """Our model and our robust variance from the effects alone."""
    y, V, X = np.array(record["yi"]), np.array(record["V"]), np.array(record["X"], dtype=float)
    names = ("intrcpt", *(f"x{column}" for column in range(1, X.shape[1])))
    if "inner" not in record:
        model = fit_meta_regression(y, np.diag(V), X, names=names)
        M = block_covariance(V + np.eye(len(y)) * float(model.tau2), group_effects(record["cluster"]))
        return robust_fit(model.beta, names, X, y - X @ model.beta, M, record["cluster"], kind)
    blocks = block_covariance(V, group_effects(record["cluster"]))
    design = Design(X=X, names=names, terms=(), has_intercept=True)
    multilevel = fit_multilevel(y, blocks, design, levels={"outer": record["cluster"], "inner": record["inner"]})
    return robust_fit(multilevel.beta, names, X, multilevel.residuals, multilevel.M, record["cluster"], kind)


@pytest.mark.parametrize("kind", ["CR0", "CR1p"])
@pytest.mark.parametrize("model", MODELS)
def test_sandwiches_with_degrees_of_freedom_of_clusters_less_coefficients(
    answers: dict[str, Any], model: str, kind: str
) -> None:
    ours, theirs = fit(answers[model], kind), answers[model][kind]
    near(ours.vb, theirs["vb"])
    assert_allclose(ours.se, theirs["se"], rtol=METAFOR)
    p = len(ours.beta)
    spare = np.full(p, float(ours.n_clusters - p))
    assert theirs["n"] == ours.n_clusters
    assert set(np.ravel(theirs["ddf"])) == {ours.n_clusters - p}
    near(ours.stat, theirs["stat"])
    assert_allclose(np.log(two_sided(ours.stat, spare)), np.log(theirs["pval"]), rtol=10 * METAFOR)
    reach = critical(95.0, spare) * ours.se
    near(ours.beta - reach, theirs["lb"])
    near(ours.beta + reach, theirs["ub"])
    # The joint test of metafor is the plain F of Wald's statistic.
    tested = slice(1, None) if p > 1 else slice(None)
    wald = ours.beta[tested] @ np.linalg.solve(ours.vb[tested, tested], ours.beta[tested])
    assert_allclose(wald / len(ours.beta[tested]), theirs["qm"][0], rtol=10 * METAFOR)


@pytest.mark.parametrize("model", MODELS)
def test_bias_reduced_sandwich_with_satterthwaite_and_hotelling(answers: dict[str, Any], model: str) -> None:
    ours, theirs = fit(answers[model], "CR2"), answers[model]["CR2"]
    near(ours.vb, theirs["vb"])
    assert_allclose(ours.ddf, theirs["ddf"], rtol=10 * METAFOR)
    assert_allclose(np.log(ours.pval), np.log(theirs["pval"]), rtol=10 * METAFOR)
    near(ours.ci_lb, theirs["lb"])
    near(ours.ci_ub, theirs["ub"])
    if ours.omnibus is not None:
        found = [ours.omnibus.stat, ours.omnibus.df, ours.omnibus.ddf, ours.omnibus.pval]
        assert_allclose(found, theirs["qm"], rtol=100 * METAFOR)


def near(ours: Array, theirs: Any) -> None:
    assert_allclose(ours, theirs, rtol=METAFOR, atol=METAFOR * float(np.abs(np.array(theirs, dtype=float)).max()))
