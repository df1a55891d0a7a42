"""The multiverse of an analysis: what cannot be used is refused with its place, the rest is a row of its own."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.config import MultiverseRow, load_config
from analysis.config.multiverse_problems import MAX_SPECIFICATIONS
from analysis.errors import ConfigError
from analysis.fragility.outliers import OUTLIER_RULES
from analysis.vocabulary import OUTLIER_WORDS

ROOT = Path(__file__).parents[2]
WHOLE = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
CONFIG = load_config(WHOLE, ROOT / "data")


def choices(multiverse: Any, dataset: str = "paternal_sensitivity") -> dict[str, Any]:
    whole = deepcopy(WHOLE)
    row = {"title": "A title", "question": "A question?", "dataset": dataset, "measure": "ZCOR"}
    whole["analyses"] = {"a": {**row, "multiverse": multiverse}}
    whole.pop("path_models", None)
    return whole


@pytest.mark.parametrize("row", CONFIG.multiverses.values(), ids=list(CONFIG.multiverses))
def test_a_row_survives_json(row: MultiverseRow) -> None:
    again = MultiverseRow.from_json(row.to_json())
    assert again == row
    assert list(again.subsets) == list(row.subsets)
    assert next(iter(row.subsets)) == "all"


def test_every_multiverse_has_its_own_seed() -> None:
    assert len({row.seed for row in CONFIG.multiverses.values()}) == len(CONFIG.multiverses) >= 5


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x"}'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--multiverse: "):
        MultiverseRow.from_json(text)


def test_an_analysis_without_one_has_none() -> None:
    assert load_config(choices(None), ROOT / "data").multiverses == {}


def test_what_is_left_out_comes_from_the_defaults() -> None:
    row = load_config(choices({"measure": ["ZCOR"], "aggregate": [0.60, "none"]}), ROOT / "data").multiverses["a"]
    assert list(row.method) == WHOLE["multiverse_defaults"]["method"]
    assert row.aggregate == ("0.6", "none")
    assert row.subsets == {"all": {}}


def test_the_words_for_outliers_are_those_of_the_kernel() -> None:
    assert tuple(OUTLIER_RULES) == OUTLIER_WORDS


@pytest.mark.parametrize(
    ("multiverse", "where", "what", "remedy"),
    [
        ({}, "measure", "it is not there", "multiverse_defaults"),
        ({"measure": ["ZCOR"], "metod": ["REML"]}, "", '"metod" is not a key here', "method"),
        ({"measure": ["ZCOR"], "method": []}, "method", "", ""),
        ({"measure": ["ZCOR"], "method": ["REMLL"]}, "method", '"REMLL" is not a method', "Did you mean REML?"),
        ({"measure": ["ZCOR"], "method": ["GENQ"]}, "method", '"GENQ" is not a method of a multiverse', "Known"),
        ({"measure": ["ZCOR"], "test": ["x"]}, "test", '"x" is not a test', "Known"),
        ({"measure": ["ZCOR"], "outliers": ["fence"]}, "outliers", "is not a rule", "Did you mean fences?"),
        ({"measure": ["COR"]}, "measure", "ZCOR, is not among these", "Add it"),
        ({"measure": ["ZCOR", "SMD"]}, "measure", "lacks the columns SMD", "It needs"),
        ({"measure": ["ZCOR"], "vtype": ["UB"]}, "vtype", '"UB" is no variance of ZCOR', "LS"),
        ({"measure": ["ZCOR", "COR"], "vtype": ["AV"]}, "vtype", "ZCOR has none", "Add one of LS"),
        ({"measure": ["ZCOR"], "aggregate": [1.5]}, "aggregate", '"1.5" is no way to aggregate', "Use none"),
        ({"measure": ["ZCOR"], "aggregate": [0.6, 0.60]}, "aggregate", "", ""),
        ({"measure": ["ZCOR"], "aggregate": [0.6, "0.6"]}, "aggregate", "stands here twice", "Keep one"),
        ({"measure": ["ZCOR"], "subsets": {"some": {"design": "P"}}}, "subsets", "the subset all", "Write all"),
        ({"measure": ["ZCOR"], "subsets": {"all": {}, "p": {"design": "Q"}}}, "subsets.p.design", '"Q"', "P, C"),
        ({"measure": ["ZCOR"], "subsets": {"all": {}, "p": {"desin": "P"}}}, "subsets.p.desin", "column", "design"),
        ({"measure": ["ZCOR"], "method": ["EE"], "test": ["knha"]}, "test", "deny the variance", "Add z"),
        ({"measure": ["ZCOR"], "draws": -1}, "draws", "", ""),
        (
            {"measure": ["ZCOR"], "aggregate": [round(i / 1000, 3) for i in range(1000)]},
            "",
            f"at most {MAX_SPECIFICATIONS}",
            "Leave out",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(multiverse: Any, where: str, what: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(choices(multiverse), ROOT / "data", where="config.yaml")
    message = str(refused.value)
    assert f"config.yaml: analyses.a.multiverse{'.' if where else ''}{where}" in message
    assert what in message
    assert remedy in message


def test_changing_it_refits_nothing() -> None:
    rows = [load_config(choices(one), ROOT / "data").analyses["a"] for one in (None, {"measure": ["ZCOR"]})]
    assert rows[0].to_json() == rows[1].to_json()
