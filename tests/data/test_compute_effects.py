"""From rows to effects: losses are listed, signs turned where a column says so, composites are Borenstein's."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from analysis.config import AnalysisRow
from analysis.datasets import Column
from analysis.datasets.effects import compute_effects
from analysis.errors import ConfigError, DataError, ImpossibleValueError
from analysis.files import read_records
from analysis.stages import compute_effects as stage
from analysis.stages import validate_data
from tests.tolerances import CLOSED_FORM

DATA = Path(__file__).parents[2] / "data"
COLUMNS = {
    name: Column(name=name, type=kind, levels=levels)
    for name, kind, levels in (
        *((name, "string", ()) for name in ("effect_id", "study_id", "slab", "exclude")),
        *((name, "number", ()) for name in ("ri", "ni", "direction", "age")),
        ("focus", "string", ("narrow", "wide")),
    )
}
ROWS = [
    {"row": 2, "effect_id": "a1", "study_id": "a", "slab": "Able, one", "ri": 0.3, "ni": 40.0, "direction": 1},
    {"row": 3, "effect_id": "a2", "study_id": "a", "slab": "Able, two", "ri": 0.2, "ni": 40.0, "direction": -1},
    {"row": 4, "effect_id": "b1", "study_id": "b", "slab": "Baker", "ri": 0.1, "ni": 30.0, "direction": None},
    {"row": 5, "effect_id": "c1", "study_id": "c", "slab": "Cole", "ri": None, "ni": 30.0, "direction": 1},
    {"row": 6, "effect_id": "d1", "study_id": "d", "slab": "Dean", "ri": 1.0, "ni": 16.0, "exclude": "r is 1"},
    {"row": 7, "effect_id": "e1", "study_id": "e", "slab": "Earl", "ri": 0.4, "ni": 50.0, "focus": "wide"},
]
RECORDS = [{"exclude": None, "direction": 1, "focus": "narrow", "age": 30.0, **row} for row in ROWS]
CHOICES = {"where": "data/x/effects.csv", "measure": "ZCOR", "chosen": {"focus": ("narrow",)}, "aggregate_rho": None}


def test_every_row_is_an_effect_or_a_row_left_out() -> None:
    computed = compute_effects(RECORDS, COLUMNS, **CHOICES)
    assert [row["effect_id"] for row in computed.effects] == ["a1", "a2", "b1"]
    left = {row["row"]: (row["step"], row["reason"]) for row in computed.excluded}
    assert set(left) == {5, 6, 7}
    assert left[6] == ("dataset", "r is 1")
    assert left[7] == ("filter", "focus is wide")
    assert left[5][0] == "measure"


def test_direction_turns_the_effect_and_not_its_variance() -> None:
    effects = compute_effects(RECORDS, COLUMNS, **CHOICES).effects
    assert [row["yi"] for row in effects] == pytest.approx([math.atanh(0.3), -math.atanh(0.2), math.atanh(0.1)])
    assert [row["vi"] for row in effects] == pytest.approx([1 / 37, 1 / 37, 1 / 27])


def test_composites_follow_borenstein() -> None:
    computed = compute_effects(RECORDS, COLUMNS, **{**CHOICES, "aggregate_rho": 0.6})
    able, baker = computed.effects
    v = 1 / 37
    # Borenstein et al. (2009), eqs. 24.1 and 24.2, two effects of equal variance.
    assert able["yi"] == pytest.approx((math.atanh(0.3) - math.atanh(0.2)) / 2, rel=CLOSED_FORM)
    assert able["vi"] == pytest.approx(v * (1 + 0.6) / 2, rel=CLOSED_FORM)
    assert (able["slab"], able["effect_id"], able["row"], able["ni"]) == ("Able", "a", 2, 40.0)
    assert baker["vi"] == pytest.approx(1 / 27, rel=CLOSED_FORM)


def test_a_moderator_that_varies_within_a_study_is_left_out_and_named() -> None:
    records = [{**row, "age": float(index)} for index, row in enumerate(RECORDS)]
    computed = compute_effects(records, COLUMNS, **{**CHOICES, "aggregate_rho": 0.6})
    assert all("age" not in row and row["focus"] == "narrow" for row in computed.effects)
    assert len(computed.notes) == 1
    assert computed.notes[0].startswith("age differs")


@pytest.mark.parametrize(
    ("choice", "error", "what"),
    [
        ({"chosen": {"focs": ("narrow",)}}, ConfigError, "Did you mean focus"),
        ({"chosen": {"focus": ("narow",)}}, ConfigError, "Did you mean narrow"),
        ({"measure": "SMD"}, ConfigError, "SMD needs"),
        ({"chosen": {"age": (99,)}}, DataError, "no row is left"),
    ],
)
def test_a_choice_that_cannot_be_used_is_a_sentence(
    choice: dict[str, object], error: type[Exception], what: str
) -> None:
    with pytest.raises(error, match=what):
        compute_effects(RECORDS, COLUMNS, **{**CHOICES, **choice})


def test_an_impossible_number_names_its_line() -> None:
    records = [{**row, "ni": 3.0} if row["row"] == 4 else row for row in RECORDS]
    with pytest.raises(ImpossibleValueError, match=r"data/x/effects\.csv:4: ni is 3"):
        compute_effects(records, COLUMNS, **CHOICES)


def analysis_row(dataset: str, **choices: object) -> str:
    row = {
        "name": "trial", "title": "Trial", "question": "?", "dataset": dataset, "measure": "ZCOR", "filter": {},
        "aggregate_rho": None, "models": ("m",), "headline": "m", "predictor": None, "forest_group": None,
        "moderators": (), "level": 95.0,
    }  # fmt: skip
    return AnalysisRow(**{**row, **choices}).to_json()


def run_stages(tmp_path: Path, dataset: str, **choices: object) -> int:
    data = tmp_path / "data"
    assert validate_data.main(["--dataset", str(DATA / dataset), "--out-dir", str(data)]) == 0
    return stage.main([
        "--data", str(data), "--analysis", analysis_row(dataset, **choices),
        "--effects", str(tmp_path / "effects.csv"), "--excluded", str(tmp_path / "excluded.csv"),
    ])  # fmt: skip


def test_the_stages_write_what_the_schema_says(tmp_path: Path) -> None:
    assert run_stages(tmp_path, "attachment_stability", filter={"social_risk": ("low",)}) == 0
    effects = read_records(tmp_path / "effects.csv", "effects")
    excluded = read_records(tmp_path / "excluded.csv", "excluded")
    assert len(effects) + len(excluded) == 66
    assert {row["step"] for row in excluded} == {"dataset", "filter"}
    assert {row["social_risk"] for row in effects} == {"low"}
    described = json.loads((tmp_path / "data" / "dataset.json").read_text(encoding="utf-8"))
    assert described["name"] == "attachment_stability"


def test_the_simulated_directions_are_turned(tmp_path: Path) -> None:
    assert run_stages(tmp_path, "synthetic_attachment_alliance") == 0
    effects = read_records(tmp_path / "effects.csv", "effects")
    means = {
        word: np.mean([float(row["yi"] or 0) for row in effects if row["dimension"] == word])
        for word in ("security", "anxiety")
    }
    assert means["security"] > 0 > means["anxiety"]


def test_a_failed_stage_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_stages(tmp_path, "attachment_stability", filter={"social_risk": ("none",)}) == 1
    assert "social_risk has no level none" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
