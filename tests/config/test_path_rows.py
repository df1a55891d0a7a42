"""Rows of path models: they survive JSON, have seeds of their own, and what is wrong is said with what to do."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.config import PathRow, load_config
from analysis.errors import ConfigError
from analysis.files import load_schema
from analysis.rows import CorrelationPathRow, PublishedPathRow, path_row_from_json
from tests.config.test_malformed import drop, put, small

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
CHOICES = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
CONFIG = load_config(CHOICES, DATA)
T, A = "path_models/teacher_student_paths", "path_models/attachment_alliance_outcome"


def with_paths() -> dict[str, Any]:
    return {**small(), "path_models": deepcopy(CHOICES["path_models"])}


def test_there_are_two() -> None:
    assert list(CONFIG.paths) == ["teacher_student_paths", "attachment_alliance_outcome"]
    assert [type(row) for row in CONFIG.paths.values()] == [CorrelationPathRow, PublishedPathRow]


@pytest.mark.parametrize("row", CONFIG.paths.values(), ids=list(CONFIG.paths))
def test_row_survives_json(row: PathRow) -> None:
    assert path_row_from_json(row.to_json()) == row


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x"}', '{"kind": "published"}'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--path: "):
        path_row_from_json(text)


def test_seeds_are_their_own_and_hang_on_the_seed_of_the_file() -> None:
    seeds = {row.seed for row in CONFIG.paths.values()}
    again = load_config({**CHOICES, "seed": 1}, DATA)
    assert len(seeds) == 2
    assert seeds.isdisjoint(row.seed for row in again.paths.values())
    alone = with_paths()
    del alone["path_models"]["teacher_student_paths"]
    kept = load_config(alone, DATA).paths["attachment_alliance_outcome"]
    assert kept == CONFIG.paths["attachment_alliance_outcome"]


def test_a_level_of_its_own_or_that_of_the_file() -> None:
    choices = with_paths()
    put(f"{T}/level", 90)(choices)
    levels = [row.level for row in load_config(choices, DATA).paths.values()]
    assert levels == [90.0, 95.0]


def test_a_configuration_may_have_none() -> None:
    assert load_config(small(), DATA).paths == {}


def test_every_key_is_explained() -> None:
    manual = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    part = manual[manual.index("### A path model") : manual.index("### A prior")]
    schema = load_schema("config")["properties"]["path_models"]["additionalProperties"]
    for kind in schema["allOf"]:
        assert all(f"`{key}`" in part for key in kind["then"]["properties"])


# what is done to a good configuration | where | what | what to do
EDITS: list[tuple[Callable[[dict[str, Any]], None], str, str, str]] = [
    (put(f"{T}/dataset", "teacher_studnt"), "paths.dataset", "there is no dataset", "Did you mean teacher_student?"),
    (put(f"{T}/dataset", "levy2011_claims"), "paths.dataset", "is of kind claims", "Choose another"),
    (put(f"{T}/dataset", "researcher_allegiance"), "paths.dataset", "lacks ri", "needs correlations"),
    (put(f"{T}/pair", "pairs"), "paths.pair", '"pairs" is not a column', "Did you mean pair?"),
    (put(f"{T}/pair", "ses"), "paths.pair", "declares no levels", "as levels `a-b`"),
    (put(f"{T}/constructs/positve", "x"), "paths.constructs", '"positve" is in no pair', "Did you mean positive?"),
    (drop(f"{T}/constructs/positive"), "paths.model", '"positive" is not among the constructs', "Known: negative"),
    (put(f"{T}/model", "engagement ~"), "paths.model", "the model cannot be used", "is not a name"),
    (put(f"{T}/model", "a ~ b; b ~ a"), "paths.model", "the model cannot be used", "Only recursive models"),
    (put(f"{T}/model", "__import__('os')"), "paths.model", "the model cannot be used", "Write `outcome ~ predictor"),
    (put(f"{T}/model", "achievement ~ positive + negative"), "paths.model", '"engagement" has no path', "Add one"),
    (put(f"{T}/model", ""), "paths.model", "nothing is given", "Give"),
    (put(f"{T}/simpler", "achievement ~ engagement"), "paths.simpler", "not about the variables", "Use all of them"),
    (put(f"{T}/simpler", CHOICES["path_models"]["teacher_student_paths"]["model"]), "simpler", "fewer paths", "Take"),
    (put(f"{T}/structure", "CS"), "paths.structure", '"CS" is not a word for this', "Known: DIAG, UN"),
    (put(f"{T}/method", "reml"), "paths.method", '"reml" is not a word', "Did you mean REML?"),
    (put(f"{T}/plug_in", "self"), "paths.plug_in", '"self" is not a word', "Known: pooled, own"),
    (put(f"{T}/draws", 10), "paths.draws", "10 is out of range", "at least 1000"),
    (put(f"{T}/level", 100), "paths.level", "100 is out of range", "below 100"),
    (put(f"{T}/datasets", ["congruence"]), "teacher_student_paths", '"datasets" is not a key here', "mean dataset?"),
    (drop(f"{T}/method"), "teacher_student_paths", "the key method is missing", "Add method"),
    (put(f"{T}/kind", "correlation"), "paths.kind", '"correlation" is not a word', "Did you mean correlations?"),
    (drop(f"{T}/kind"), "teacher_student_paths", "the key kind is missing", "Add kind"),
    (put(f"{A}/dimensions", ["anxiousness"]), "dimensions", "is not a dimension", "Known: security, anxiety"),
    (put(f"{A}/dimensions", []), "dimensions", "nothing is given", "Give at least one"),
    (put(f"{A}/datasets", ["levy_claims"]), "outcome.datasets", "there is no dataset", "Did you mean levy"),
    (put(f"{A}/datasets", ["congruence"]), "outcome.datasets", "read from claims", "Choose another"),
    (put(f"{A}/error_correlations", [1]), "error_correlations.0", "1 is out of range", "below 1"),
    (put(f"{A}/model", "a ~ b"), "attachment_alliance_outcome", '"model" is not a key here', "Known"),
    (put("path_models/a", CHOICES["path_models"]["attachment_alliance_outcome"]), "path_models.a", "name", "another"),
    (put("path_models/corpus", CHOICES["path_models"]["attachment_alliance_outcome"]), "models.corpus", "name", "ano"),
    (put("path_models/A-1", {}), "path_models", "is not a name", "Use lower-case"),
    (put("analyses/paths", small()["analyses"]["a"]), "analyses.paths", "taken by a folder", "Choose another"),
]


@pytest.mark.parametrize(("edit", "where", "what", "remedy"), EDITS, ids=range(len(EDITS)))
def test_refused_with_where_what_and_what_to_do(
    edit: Callable[[dict[str, Any]], None], where: str, what: str, remedy: str
) -> None:
    choices = with_paths()
    edit(choices)
    with pytest.raises(ConfigError) as refused:
        load_config(choices, DATA)
    lines = str(refused.value).splitlines()
    assert any(where in line.partition(": ")[2] and what in line and remedy in line for line in lines), lines
