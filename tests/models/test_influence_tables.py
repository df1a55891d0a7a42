"""Tables of influence of effects that can hardly carry a model: an answer or a sentence, and no number that is none."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from analysis.errors import ConfigError, ToolkitError
from analysis.fragility.influence import baujat, influence
from analysis.fragility.leave_clusters import influence_of_clusters
from analysis.fragility.leave_out import leave1out
from analysis.frequentist.mixed_deletion import leave_one_out
from analysis.frequentist.mixed_without import accumulate, covariances_without, i2_without
from analysis.models import fit_model
from analysis.models.dependent import DependentModel
from analysis.models.estimated import EstimatedModel
from analysis.models.influence_tables import TABLES, build_influence_tables
from tests.models.conftest import model_row
from tests.tolerances import CLOSED_FORM, ITERATIVE

RNG = np.random.default_rng(11)
EFFECTS = {
    "one": ([0.3], [0.04]),
    "two": ([0.3, 0.1], [0.04, 0.02]),
    "three": ([0.3, 0.1, 0.5], [0.04, 0.02, 0.1]),
    "equal": ([0.3] * 8, [0.04] * 8),
    "zero": ([0.0] * 6, [0.1] * 6),
    "huge": ([0.3, 0.1, 0.5, 0.2, 0.4, 0.9], [0.04, 0.02, 0.1, 0.1, 0.2, 1e-12]),
    "far": ([0.1, 0.2, 0.15, 0.1, 0.2, 50.0], [0.01] * 6),
    "large": ((RNG.normal(1e8, 1e7, 7)).tolist(), [1e14] * 7),
}
STUDIES = {"own": lambda i, k: i, "one": lambda i, k: 0, "all but one": lambda i, k: int(i == k - 1),
           "pairs": lambda i, k: i // 2}  # fmt: skip
MODELS: tuple[dict[str, Any], ...] = (
    {"test": "z"},
    {"test": "knha"},
    {"method": "EE", "test": "z"},
    {"method": "DL", "robust": "CR2", "test": "z"},
    {"mods": "x", "test": "z", "robust": "CR2"},
    {"structure": "three_level", "test": "z"},
    {"structure": "correlated_hierarchical", "robust": "CR2", "test": "z"},
    {"structure": "correlated_hierarchical", "mods": "x", "test": "t"},
    {"structure": "aggregated", "test": "z"},
)


def effects_of(yi: Sequence[float], vi: Sequence[float], study: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"effect_id": f"e{i}", "study_id": f"s{study[i]}", "slab": f"row {i}", "row": i + 2, "ni": 40, "yi": y, "vi": v}
        | {"sei": v**0.5, "x": i % 3 + 0.1 * i}
        for i, (y, v) in enumerate(zip(yi, vi, strict=True))
    ]


def nested(k: int = 30, studies: int = 8, **choices: Any) -> EstimatedModel:
    rng = np.random.default_rng(5)
    study = np.sort(np.concatenate([np.arange(studies), rng.integers(0, studies, k - studies)]))
    yi = rng.normal(0.0, 0.3, studies)[study] + rng.normal(0.3, 0.25, k)
    effects = effects_of(yi.tolist(), rng.uniform(0.01, 0.1, k).tolist(), study.tolist())
    return fit_model(effects, model_row(**{"test": "z", **choices}), measure="GEN")


@pytest.mark.parametrize("studies", STUDIES)
@pytest.mark.parametrize("name", EFFECTS)
def test_effects_that_can_hardly_carry_a_model(name: str, studies: str) -> None:
    yi, vi = EFFECTS[name]
    effects = effects_of(yi, vi, [STUDIES[studies](i, len(yi)) for i in range(len(yi))])
    for choices in MODELS:
        # Meta-regression itself warns where one effect is a billion times more precise than the others.
        with np.errstate(all="ignore"):
            try:
                model = fit_model(effects, model_row(**choices), measure="GEN")
            except ToolkitError:
                continue
        found = build_influence_tables(model, seed=1)
        json.dumps(found.tables, allow_nan=False)
        assert tuple(found.tables) == TABLES
        assert len(found.tables["influence"]) == len(model.effects)
        if any(row["estimate"] is None for row in found.tables["influence"]):
            assert found.notes


def test_one_effect_gets_a_sentence() -> None:
    model = fit_model(effects_of([0.3], [0.04], [0]), model_row(test="z"), measure="GEN")
    found = build_influence_tables(model, seed=1)
    (row,) = found.tables["influence"]
    assert row["estimate"] is row["is_infl"] is row["flips"] is None
    assert any("at least two" in note for note in found.notes)


def test_a_study_that_has_all_effects_gets_a_sentence() -> None:
    model = fit_model(effects_of([0.3, 0.1, 0.4], [0.1] * 3, [0, 0, 0]), model_row(test="z"), measure="GEN")
    found = build_influence_tables(model, seed=1)
    assert [row["estimate"] for row in found.tables["influence_clusters"]] == [None]
    assert any("all effects come from one study" in note for note in found.notes)


def test_studies_of_one_effect_are_effects() -> None:
    yi, vi, x = RNG.normal(0.2, 0.4, 12), RNG.uniform(0.01, 0.1, 12), RNG.normal(size=12)
    X = np.column_stack([np.ones(12), x])
    for weights in (None, RNG.uniform(1, 2, 12)):
        found = influence_of_clusters(yi, vi, np.arange(12), X, method="DL", test="knha", weights=weights)
        left = leave1out(yi, vi, X, method="DL", test="knha", weights=weights)
        np.testing.assert_allclose(found.fits.beta, left.fits.beta, rtol=CLOSED_FORM)
        single = influence(yi, vi, X, method="DL", test="knha", weights=weights)
        for ours, theirs in (("rstudent", "rstudent"), ("cook_d", "cook_d"), ("dfbs", "dfbs")):
            np.testing.assert_allclose(getattr(found, ours), getattr(single, theirs), rtol=ITERATIVE)
        plot = baujat(yi, vi, X, method="DL", test="knha", weights=weights)
        np.testing.assert_allclose(found.baujat_y, plot.y, rtol=ITERATIVE)
        np.testing.assert_allclose(found.baujat_x, plot.x, rtol=ITERATIVE)


@pytest.mark.parametrize("structure", ["three_level", "correlated_hierarchical", "multivariate"])
def test_a_refit_without_a_study_has_that_covariance(structure: str) -> None:
    own = {"inner": "kind", "covariance": "HCS"} if structure == "multivariate" else {}
    rng = np.random.default_rng(8)
    study = np.repeat(np.arange(9), 3)
    yi = rng.normal(0.0, 0.3, 9)[study] + rng.normal(0.3, 0.25, 27)
    effects = effects_of(yi.tolist(), rng.uniform(0.01, 0.1, 27).tolist(), study.tolist())
    effects = [{**effect, "kind": "ab"[i % 2]} for i, effect in enumerate(effects)]
    row = model_row(structure=structure, test="z", mods="x", **own)
    model = fit_model(effects, row, measure="GEN")
    assert isinstance(model, DependentModel)
    left = leave_one_out(model.fit, model.column("study_id"))
    for one, covariance in enumerate(covariances_without(model.fit, left)):
        kept = [effect for effect in effects if effect["study_id"] != left.labels[one]]
        again = fit_model(kept, row, measure="GEN")
        np.testing.assert_allclose(covariance.dense(), again.marginal().dense(), rtol=1e-4, atol=1e-6)


def test_i2_without_an_effect_is_that_of_a_refit() -> None:
    model = nested(structure="correlated_hierarchical")
    assert isinstance(model, DependentModel)
    left = leave_one_out(model.fit)
    ours = i2_without(model.fit, left.sigma2.sum(-1))
    for one in (0, 7, 29):
        kept = [effect for place, effect in enumerate(model.effects) if place != one]
        again = fit_model(kept, model.row, measure="GEN")
        theirs = {row["quantity"]: row["estimate"] for row in again.heterogeneity()}["i2"]
        assert ours[one] == pytest.approx(theirs, rel=1e-5)


def test_all_effects_accumulated_are_the_fit() -> None:
    model = nested(structure="correlated_hierarchical")
    assert isinstance(model, DependentModel)
    order = np.random.default_rng(2).permutation(30)
    found = accumulate(model.fit, model.numbers("yi"), order, np.array([3, 10, 30]))
    assert found.estimate[-1] == pytest.approx(float(model.fit.beta[0]), rel=ITERATIVE)
    assert found.ci_ub[-1] == pytest.approx(float(model.fit.ci_ub[0]), rel=ITERATIVE)
    inverse = np.linalg.inv(model.fit.M.dense()[np.ix_(order[:10], order[:10])])
    mean = inverse.sum(0) @ model.numbers("yi")[order[:10]] / inverse.sum()
    assert found.estimate[1] == pytest.approx(float(mean), rel=ITERATIVE)


def test_many_effects_of_several_levels_keep_their_variances() -> None:
    model = nested(210, 40, structure="three_level", robust="CR2")
    found = build_influence_tables(model, seed=1, subsets=50)
    assert sum("210 effects are more than 200" in note for note in found.notes) == 2
    total = {row["tau2"] for row in found.tables["influence"]}
    assert len(total) == 1
    steps = found.tables["cumulative"]
    assert len(steps) == 40
    assert steps[-1]["estimate"] == pytest.approx(float(model.fit.beta[0]), rel=ITERATIVE)


def test_a_robust_model_has_robust_intervals_without_an_effect() -> None:
    for structure in ("independent", "three_level"):
        model = nested(structure=structure, robust="CR2")
        found = build_influence_tables(model, seed=1, subsets=50).tables
        for table, key, place in (("influence", "effect_id", 4), ("influence_clusters", "study_id", 2)):
            row = found[table][place]
            kept = [effect for effect in model.effects if effect[key] != row[key]]
            again = fit_model(kept, model.row, measure="GEN").coefficients()
            assert row["ci_lb"] == pytest.approx(float(again.ci_lb[0]), rel=1e-5, abs=1e-6)
            assert row["pval"] == pytest.approx(float(again.pval[0]), rel=1e-4)
        last = found["cumulative"][-1]
        assert last["ci_lb"] == pytest.approx(float(model.coefficients().ci_lb[0]), rel=1e-5, abs=1e-6)


def test_orders_that_order_nothing_are_refused() -> None:
    effects = effects_of([0.3, 0.1, 0.2], [0.1] * 3, [0, 1, 2])
    for cells, sentence in (((1, None, 2), "is not filled for row 1"), ((1, "b", 2), "numbers and words")):
        given = [{**effect, "wave": cell} for effect, cell in zip(effects, cells, strict=True)]
        model = fit_model(given, model_row(test="z"), measure="GEN")
        with pytest.raises(ConfigError, match=sentence):
            build_influence_tables(model, seed=1, cumulative_by="wave")


def test_the_same_seed_gives_the_same_cloud() -> None:
    model = nested()
    first, again, other = (build_influence_tables(model, seed=seed, subsets=200).tables for seed in (3, 3, 4))
    assert first == again
    assert first["gosh"] != other["gosh"]
