"""Influence of effects and of clusters on multilevel models, against metafor and against fits without them."""

import time
from typing import Any

import numpy as np
import pytest

from analysis.covariance import block_covariance, group_effects
from analysis.frequentist.mixed_deletion import leave_one_out
from analysis.frequentist.mixed_influence import baujat, cooks_distance, dfbetas, influence
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from analysis.results import Design
from tests.multilevel.diagnosed import MODELS, fit, near, ordered
from tests.tolerances import ITERATIVE, METAFOR


@pytest.mark.parametrize("reestimate", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_cooks_distances_and_dfbetas(diagnostics: dict[str, Any], model: str, reestimate: bool) -> None:
    theirs = diagnostics[model]["refitted" if reestimate else "held"]
    ours = fit(model, diagnostics[model])
    single = leave_one_out(ours, reestimate=reestimate)
    near(model, cooks_distance(ours, single), theirs["cook"], refitted=reestimate)
    near(model, dfbetas(ours, single), theirs["dfbetas"], refitted=reestimate)
    left = leave_one_out(ours, diagnostics[model]["cluster"], reestimate=reestimate)
    order = ordered(left.labels, list(theirs["cook_cluster"]))
    near(model, cooks_distance(ours, left)[order], list(theirs["cook_cluster"].values()), refitted=reestimate)
    near(model, dfbetas(ours, left)[order], theirs["dfbetas_cluster"], refitted=reestimate)


@pytest.mark.parametrize(
    ("model", "case", "cluster", "label"),
    [
        ("konstantopoulos", "district", "cluster", "71"),
        ("assink", "study", "cluster", "3"),
        ("assink", "effect", None, "5"),
    ],
)
def test_a_fit_without_some_effects_is_metafors(
    diagnostics: dict[str, Any], model: str, case: str, cluster: str | None, label: str
) -> None:
    theirs, record = diagnostics["left_out"][case], diagnostics[model]
    left = leave_one_out(fit(model, record), None if cluster is None else record[cluster])
    one = left.labels.index(label)
    for name, ours in (("beta", left.beta), ("se", left.se), ("sigma2", left.sigma2), ("lb", left.ci_lb)):
        near(model, ours[one], theirs[name], refitted=True)
    np.testing.assert_allclose(left.qe[one], theirs["qe"], rtol=METAFOR)
    np.testing.assert_allclose(np.log(left.pval[one]), np.log(theirs["pval"]), rtol=10 * METAFOR)
    if model == "assink":
        np.testing.assert_array_equal(left.ddf[one], theirs["ddf"])


def without(model: MultilevelFit, record: dict[str, Any], keep: np.ndarray, **choices: Any) -> MultilevelFit:
    """The model fitted anew, from all its starts, to some of its effects."""
    X = model.X[keep]
    design = Design(X=X, names=model.names, terms=(), has_intercept=False)
    V = np.array(record["V"])[np.ix_(keep, keep)]
    given = {name: np.array(record[name])[keep] for name in ("yi", "cluster", "inner")}
    blocks = block_covariance(V, group_effects(given["cluster"]))
    if model.structure is not None:
        choices["structure"] = (model.structure, given["inner"], given["cluster"])
    else:
        choices["levels"] = {"outer": given["cluster"], "inner": given["inner"]}
    return fit_multilevel(given["yi"], blocks, design, test=model.test, **choices)


@pytest.mark.parametrize("model", MODELS)
def test_a_climb_from_the_optimum_of_all_finds_the_optimum_of_a_fit_from_scratch(
    diagnostics: dict[str, Any], model: str
) -> None:
    record = diagnostics[model]
    ours = fit(model, record)
    left = leave_one_out(ours, record["cluster"])
    for one in range(len(left.labels)):
        alone = without(ours, record, left.clusters.codes != one)
        np.testing.assert_allclose(left.beta[one], alone.beta, rtol=ITERATIVE, atol=ITERATIVE)
        np.testing.assert_allclose(left.se[one], alone.se, rtol=ITERATIVE)
        np.testing.assert_allclose(left.sigma2[one], alone.sigma2, rtol=1e-6, atol=1e-10)
        np.testing.assert_allclose([left.qe[one], left.qe_df[one]], [alone.qe, alone.qe_df], rtol=ITERATIVE)
        if alone.G is not None and left.G is not None:
            np.testing.assert_allclose(left.G[one], alone.G, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("kind", ["mean", "moderated"])
def test_baujat_coordinates_of_independent_effects(diagnostics: dict[str, Any], kind: str) -> None:
    record = diagnostics["baujat"]
    k = len(record["yi"])
    X = np.column_stack([np.ones(k), record["ablat"]])[:, : 1 if kind == "mean" else 2]
    design = Design(X=X, names=("intrcpt", "ablat")[: X.shape[1]], terms=(), has_intercept=True)
    ours = fit_multilevel(record["yi"], record["vi"], design, levels={"study": np.arange(k)})
    found = baujat(ours, leave_one_out(ours))
    near("baujat", found.x, record[kind]["x"])
    near("baujat", found.y, record[kind]["y"], refitted=True)


def test_baujat_coordinates_of_clusters(diagnostics: dict[str, Any]) -> None:
    record = diagnostics["konstantopoulos"]
    ours = fit("konstantopoulos", record)
    left = leave_one_out(ours, record["cluster"], reestimate=False)
    found = baujat(ours, left)
    M, e = ours.M.dense(), ours.residuals
    # Whole clusters do not covary, so their contributions add up to the generalised Q.
    np.testing.assert_allclose(found.x.sum(), e @ np.linalg.solve(M, e), rtol=1e-10)
    np.testing.assert_allclose(found.y, (left.beta - ours.beta)[:, 0] ** 2 / left.vb[:, 0, 0], rtol=1e-10)


def test_contributions_to_qe_are_what_its_fall_is(diagnostics: dict[str, Any]) -> None:
    record = diagnostics["assink"]
    ours = fit("assink", record)
    found = influence(ours, record["cluster"], reestimate=False)
    for one in range(len(found.left.labels)):
        alone = without(ours, record, found.left.clusters.codes != one)
        np.testing.assert_allclose(ours.qe - found.qe_contribution[one], alone.qe, rtol=ITERATIVE)
    np.testing.assert_allclose(found.hat.sum(), ours.p, rtol=1e-12)
    assert found.cov_ratio == pytest.approx(np.linalg.det(found.left.vb) / np.linalg.det(ours.vb), rel=1e-9)


def small(X: np.ndarray | None = None, studies: tuple[int, ...] = (1, 1, 2, 2, 3, 3)) -> MultilevelFit:
    y = np.array([0.1, 0.4, 0.3, 0.9, 0.5, -0.2])[: len(studies)]
    design = None if X is None else Design(X=X, names=("intrcpt", "x"), terms=(), has_intercept=True)
    return fit_multilevel(y, np.full(len(y), 0.05), design, levels={"study": list(studies), "effect": range(len(y))})


@pytest.mark.parametrize("reestimate", [False, True])
def test_a_set_that_a_coefficient_rests_on_is_named(reestimate: bool) -> None:
    X = np.column_stack([np.ones(6), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]])
    ours = small(X, (1, 2, 4, 5, 3, 3))
    found = influence(ours, [1, 1, 2, 2, 3, 3], reestimate=reestimate)
    assert np.isnan(found.left.beta[2]).all()
    assert np.isnan([found.cooks_distance[2], found.residuals.X2[2], found.baujat.y[2], found.left.qe[2]]).all()
    assert np.isfinite(found.left.beta[:2]).all()
    assert found.left.notes == ("Without 3 the model cannot be fitted, so what it would say is not given.",)


def test_a_level_that_is_left_with_one_group_has_variance_zero() -> None:
    ours = small(studies=(1, 1, 1, 2, 2))
    found = leave_one_out(ours, [1, 1, 1, 2, 2])
    np.testing.assert_array_equal(found.sigma2[:, 0], 0.0)
    assert np.isfinite(found.beta).all()


def test_too_few_effects_without_a_set() -> None:
    found = leave_one_out(small(studies=(1, 1, 2)), [1, 1, 2])
    np.testing.assert_array_equal(np.isnan(found.beta[:, 0]), [True, False])
    assert "Without 1 " in found.notes[0]


def test_a_variance_that_the_coefficients_absorb_is_not_estimated() -> None:
    # Without one of the first two studies each of two studies has a coefficient of its own.
    X = np.column_stack([np.ones(6), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]])
    found = leave_one_out(small(X), [1, 1, 2, 2, 3, 3])
    assert np.isnan(found.beta).all()


def test_levels_that_can_no_longer_be_told_apart() -> None:
    # Without the first study every study has one effect, so that both levels group alike.
    found = leave_one_out(small(studies=(1, 1, 2, 3, 4, 5)), [1, 1, 2, 3, 4, 5])
    assert np.isnan(found.beta[0]).all()
    assert np.isfinite(found.beta[1:]).all()


def test_two_hundred_studies_take_seconds() -> None:
    random = np.random.default_rng(5)
    study = np.repeat(np.arange(200), 5)
    y = random.normal(0.0, 0.3, 200)[study] + random.normal(0.0, 0.4, 1000)
    ours = fit_multilevel(y, random.uniform(0.02, 0.2, 1000), levels={"study": study, "effect": np.arange(1000)})
    start = time.perf_counter()
    assert leave_one_out(ours, study).converged.all()
    # About one second on an idle core.
    assert time.perf_counter() - start < 30.0
