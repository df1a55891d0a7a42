"""Sets, reference and tables of a multiverse: what is kept apart, what is dropped, and what is said of it."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.config import load_config, model_for
from analysis.errors import ModelError
from analysis.files import load_schema, read_records
from analysis.fragility.aggregation import aggregate_by
from analysis.fragility.joint_multiverse import JointMultiverseTest
from analysis.fragility.specifications import Share, Summary
from analysis.models.multiverse_sets import ChosenEffects, combinations_of, make_sets
from analysis.models.multiverse_tables import TABLES, build_multiverse_tables, empty_multiverse_tables
from analysis.rows import ModelRow, MultiverseRow
from analysis.stages import run_multiverse, validate_data

ROOT = Path(__file__).parents[2]

HEADLINE: dict[str, Any] = {
    "name": "main", "engine": "frequentist", "structure": "independent", "outer": None, "inner": None,
    "covariance": "UN", "rho": 0.6, "robust": None, "cluster": "study_id", "bootstrap": 0, "dfs": "residual",
    "method": "DL", "test": "z", "mods": None, "weights": None, "tau2_interval": "QP", "prediction": "normal",
    "permutations": 0, "rope": None, "level": 95.0, "seed": 1,
}  # fmt: skip


def row(**changes: Any) -> MultiverseRow:
    choices: dict[str, Any] = {
        "name": "a", "method": ("REML", "DL"), "test": ("z", "knha"), "measure": ("ZCOR", "COR"), "vtype": ("LS",),
        "outliers": ("none",), "aggregate": ("none", "0.3", "0.6"), "subsets": {"all": {}, "some": {"x": (1,)}},
        "draws": 99, "level": 95.0, "seed": 1,
    }  # fmt: skip
    return MultiverseRow(**{**choices, **changes})


def effects(k: int = 12, per_study: int = 2, *, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.2, 0.2, k)
    return [
        {"study_id": f"s{i // per_study}", "yi": float(yi), "vi": 0.01 + 0.002 * (i % 3)} for i, yi in enumerate(values)
    ]


def chosen(asked: MultiverseRow, **changes: Any) -> list[ChosenEffects]:
    made = []
    for measure, vtype, subset in combinations_of(asked):
        found = effects(**changes)
        own = found if subset == "all" else found[: len(found) // 2]
        made.append(ChosenEffects(measure=measure, vtype=vtype, subset=subset, effects=own))
    return made


def build(asked: MultiverseRow, found: list[ChosenEffects] | None = None, **choices: Any) -> dict[str, Any]:
    return build_multiverse_tables(found or chosen(asked), asked, **{"measure": "ZCOR", **choices})


def reference(tables: dict[str, Any]) -> dict[str, Any]:
    (one,) = [record for record in tables["multiverse"] if record["reference"]]
    found: dict[str, Any] = one
    return found


def test_tables_have_the_columns_of_their_schemas() -> None:
    tables = build(row())
    assert tuple(tables) == TABLES == tuple(empty_multiverse_tables())
    for name, records in tables.items():
        required = load_schema(f"results/{name}")["items"]["required"]
        assert all(list(record) == required for record in records), name
    extra = {"multiverse_summary": (Summary, {"no_effect", "level", "reasons"}), "multiverse_shares": (Share, set())}
    extra["multiverse_test"] = (JointMultiverseTest, {"reasons"})
    for name, (kind, more) in extra.items():
        columns = set(load_schema(f"results/{name}")["items"]["required"])
        assert columns == {field.name for field in fields(kind)} | more


def test_other_subsets_and_scales_are_kept_apart() -> None:
    tables = build(row(measure=("ZCOR", "COR", "SMD")))
    estimands = {record["estimand"] for record in tables["multiverse_summary"]}
    assert {name.partition(" ")[0] for name in estimands} == {"all", "some"}
    assert estimands >= {"all", "all (standardised mean difference)"}
    assert len(estimands) == 4
    assert reference(tables)["estimand"] == "all"
    assert {record["estimand"] for record in tables["multiverse_test"]} == estimands


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"method": "DL", "test": "z", "aggregate": "none", "measure": "ZCOR"}),
        ({"structure": "aggregated", "rho": 0.35}, {"aggregate": "0.3"}),
        ({"structure": "correlated_hierarchical", "test": "t", "robust": "CR2"}, {"aggregate": "0.6", "test": "knha"}),
        ({"method": "n-weighted"}, {"method": "REML"}),
    ],
)
def test_the_reference_is_nearest_to_the_headline(changes: dict[str, Any], expected: dict[str, str]) -> None:
    tables = build(row(), headline=ModelRow(**{**HEADLINE, **changes}))
    found = reference(tables)
    assert {key: found[key] for key in expected} == expected
    reasons = tables["multiverse_summary"][0]["reasons"]
    for choice in ("method", "test"):
        wanted = {**HEADLINE, **changes}[choice]
        said = f"The reference has {choice} {found[choice]} where model main has {wanted}." in reasons
        assert said == (found[choice] != wanted)


def test_composites_of_the_analysis_make_its_reference() -> None:
    assert reference(build(row(), headline=ModelRow(**HEADLINE), aggregate_rho=0.3))["aggregate"] == "0.3"


def test_one_aggregation_stands_for_all_where_studies_have_one_effect() -> None:
    asked = row()
    tables = build(asked, chosen(asked, per_study=1))
    assert {record["aggregate"] for record in tables["multiverse"]} == {"none"}
    assert "none stands for all ways" in tables["multiverse_summary"][0]["reasons"]


def test_effects_without_a_variance_and_empty_choices_are_said() -> None:
    asked = row(subsets={"all": {}, "some": {}})
    found = chosen(asked)
    first = found[0]
    damaged = [{**first.effects[0], "vi": None}, {**first.effects[1], "vi": 0.0}, *first.effects[2:]]
    found[0] = ChosenEffects(measure="ZCOR", vtype="LS", subset="all", effects=damaged)
    found[2] = ChosenEffects(measure="ZCOR", vtype="LS", subset="some", problem="no row is left.")
    found[3] = ChosenEffects(measure="COR", vtype="LS", subset="some", problem="no row is left.")
    tables = build(asked, found)
    every, some = tables["multiverse_summary"]
    assert "ZCOR with variances LS can be computed of 10 of 12 effects." in every["reasons"]
    assert (some["estimand"], some["n"], some["median"]) == ("some", 0, None)
    assert "ZCOR with variances LS in some: no row is left." in some["reasons"]


def test_no_effect_at_all_is_an_error() -> None:
    found = [ChosenEffects(measure="ZCOR", vtype="LS", subset="all", problem="no row is left.")]
    with pytest.raises(ModelError, match=r"no choice of the multiverse leaves an effect.*no row is left"):
        make_sets(found, ("none",), measure="ZCOR", rho=0.6, ratio=False)


def test_no_draws_no_test() -> None:
    assert build(row(draws=0))["multiverse_test"] == []


def test_studies_keep_their_order_when_they_are_combined() -> None:
    unit = np.array([3, 1, 3, 0, 1])
    yi, vi = np.array([0.1, 0.2, 0.3, 0.4, 0.6]), np.full(5, 0.04)
    for rule, expected in (("first", [0.1, 0.2, 0.4]), ("0.5", [0.2, 0.4, 0.4]), ("weighted", [0.2, 0.4, 0.4])):
        y, v, u = aggregate_by(rule, yi, vi, unit)
        assert y == pytest.approx(expected)
        assert u.tolist() == [3, 1, 0]
        # Two errors of variance .04 that correlate by rho: (1 + rho) / 2 of it.
        own = {"first": 0.04, "0.5": 0.03, "weighted": 0.04 * 0.8}[rule]
        assert v == pytest.approx([own, own, 0.04])


@pytest.mark.parametrize("declared", [True, False])
def test_the_stage_writes_every_table(declared: bool, tmp_path: Path) -> None:
    config = load_config(ROOT / "config" / "config.yaml", ROOT / "data")
    name = "paternal_sensitivity"
    analysis = config.analyses[name]
    data = ["--dataset", str(ROOT / "data" / analysis.dataset), "--out-dir", str(tmp_path / "data")]
    assert validate_data.main(data) == 0
    options = {
        "--data": str(tmp_path / "data"),
        "--analysis": replace(analysis, title="", question="", models=(), headline="").to_json(),
        "--multiverse": config.multiverses[name].to_json() if declared else "null",
        "--headline": model_for(config, name, analysis.headline).to_json(),
        "--out-dir": str(tmp_path),
    }
    assert run_multiverse.main([part for option in options.items() for part in option]) == 0
    tables = {table: read_records(tmp_path / f"{table}.csv", table) for table in TABLES}
    assert bool(tables["multiverse"]) == declared
    if declared:
        (main,) = [record for record in tables["multiverse"] if record["reference"]]
        assert (main["measure"], main["method"], main["test"], main["subset"]) == ("ZCOR", "REML", "knha", "all")
        found = [record["estimand"] for record in tables["multiverse_summary"]]
        assert sorted(map(str, found)) == ["all", "concurrent", "predictive"]
