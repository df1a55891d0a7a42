"""Rows survive the trip through JSON; seeds belong to a model in an analysis and to nothing else."""

from copy import deepcopy
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
import yaml

from analysis.config import AnalysisRow, AnyModelRow, BayesianRow, ModelRow, MultiverseRow, load_config, model_for
from analysis.config.formula_words import formula_columns
from analysis.errors import ConfigError
from analysis.files import load_schema
from analysis.rows import model_row_from_json

ROOT = Path(__file__).parents[2]
CHOICES = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
CONFIG = load_config(CHOICES, ROOT / "data")
PAIRS = [(name, model) for name, row in CONFIG.analyses.items() for model in row.models]


@pytest.mark.parametrize("row", CONFIG.analyses.values(), ids=list(CONFIG.analyses))
def test_analysis_row_survives_json(row: AnalysisRow) -> None:
    assert AnalysisRow.from_json(row.to_json()) == row


@pytest.mark.parametrize("row", [model_for(CONFIG, *pair) for pair in PAIRS], ids=["/".join(pair) for pair in PAIRS])
def test_model_row_survives_json(row: AnyModelRow) -> None:
    assert model_row_from_json(row.to_json()) == row


@pytest.mark.parametrize("row_type", [AnalysisRow, ModelRow, BayesianRow])
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x"}'])
def test_other_text_is_refused(row_type: type[AnalysisRow] | type[ModelRow] | type[BayesianRow], text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--(analysis|model): "):
        row_type.from_json(text)


def test_rows_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        CONFIG.analyses["congruence"].measure = "COR"  # type: ignore[misc]


def test_every_model_of_every_analysis_has_its_own_seed() -> None:
    seeds = {model_for(CONFIG, analysis, model).seed for analysis, model in PAIRS}
    assert len(seeds) == len(PAIRS)


def test_a_new_model_moves_no_other_seed() -> None:
    choices = deepcopy(CHOICES)
    choices["models"] = {"new_one": {"method": "SJ"}, **choices["models"]}
    choices["analyses"]["congruence"]["models"] = ["new_one", "random_effects"]
    again = load_config(choices, ROOT / "data")
    kept = [pair for pair in PAIRS if pair[0] != "congruence" or pair[1] == "random_effects"]
    assert all(model_for(again, *pair) == model_for(CONFIG, *pair) for pair in kept)


def test_another_seed_moves_every_seed() -> None:
    again = load_config({**CHOICES, "seed": 1}, ROOT / "data")
    assert all(model_for(again, *pair).seed != model_for(CONFIG, *pair).seed for pair in PAIRS)


def test_the_level_of_an_analysis_reaches_its_models() -> None:
    choices = deepcopy(CHOICES)
    choices["analyses"]["congruence"]["level"] = 80
    again = load_config(choices, ROOT / "data")
    assert model_for(again, "congruence", "random_effects").level == 80.0
    assert model_for(again, "positive_regard", "random_effects").level == 95.0


def test_schema_has_the_fields_of_the_rows() -> None:
    properties = load_schema("config")["properties"]
    analysis = set(properties["analyses"]["additionalProperties"]["properties"])
    model = properties["models"]["additionalProperties"]
    # A multiverse is a row of its own, so that changing it refits no model.
    assert analysis == {field.name for field in fields(AnalysisRow)} - {"name"} | {"multiverse"}
    assert set(properties["multiverse_defaults"]["properties"]) == {field.name for field in fields(MultiverseRow)} - {
        "name",
        "level",
        "seed",
    }
    given = {"name", "level", "seed", "rope"}
    assert set(model["else"]["properties"]) == {field.name for field in fields(ModelRow)} - given
    assert set(model["then"]["properties"]) == {field.name for field in fields(BayesianRow)} - given


def test_defaults_are_complete() -> None:
    properties = load_schema("config")["properties"]
    analysis = properties["analyses"]["additionalProperties"]
    left_out = set(analysis["properties"]) - set(analysis["required"]) - {"level"}
    assert set(CHOICES["analysis_defaults"]) == left_out
    model = properties["models"]["additionalProperties"]
    assert set(CHOICES["model_defaults"]) == set(model["else"]["properties"])
    assert set(CHOICES["bayesian_defaults"]) == set(model["then"]["properties"])


def test_priors_stated_by_measure_become_those_of_the_analysis() -> None:
    choices = deepcopy(CHOICES)
    choices["models"]["own"] = {"engine": "exact", "prior_mu": {"ZCOR": "normal(0, 0.3)", "SMD": "normal(0, 0.7)"}}
    choices["analyses"]["congruence"]["models"] = ["random_effects", "own"]
    row = model_for(load_config(choices, ROOT / "data"), "congruence", "own")
    assert isinstance(row, BayesianRow)
    assert row.prior_mu == "normal(0, 0.3)"
    assert row.rope == (-0.05, 0.05)


def test_a_frequentist_default_moves_no_bayesian_row() -> None:
    choices = deepcopy(CHOICES)
    choices["model_defaults"]["test"] = "z"
    again = load_config(choices, ROOT / "data")
    bayesian = [pair for pair in PAIRS if isinstance(model_for(CONFIG, *pair), BayesianRow)]
    assert all(model_for(again, *pair) == model_for(CONFIG, *pair) for pair in bayesian)


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("age", ["age"]),
        ("alliance * C(dimension, contr.treatment('security'))", ["alliance", "dimension"]),
        ('C(a, contr.treatment("b c"))', ["a"]),
        ("poly(age, 2) + log(ni):age", ["age", "ni"]),
        ("bs(age, df=3)", ["age"]),
        ("1 + year - 1", ["year"]),
        ("b:a + C(c, contr.treatment('x: y'))", ["b", "a", "c"]),
        ("I(x**2) + 1e5", ["x"]),
    ],
)
def test_columns_of_a_formula(formula: str, columns: list[str]) -> None:
    assert formula_columns(formula) == columns
