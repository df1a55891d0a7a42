"""Our kernel against the recorded grid: every tau2 estimator and test of metafor, with and without moderators."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from analysis.vocabulary import TAU2_METHODS
from tests.parity import model_mismatches

VALIDATION = Path(__file__).parents[2] / "validation"
GRID = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((VALIDATION / "reference").glob("*.json"))
}
MODELS = [(name, index) for name, record in GRID.items() for index in range(len(record["models"]))]


def read_dataset(name: str) -> dict[str, list[float]]:
    """Columns yi, vi, ni of one of the tables behind the grid; its first line says where the numbers come from."""
    lines = (VALIDATION / "datasets" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = list(csv.DictReader(lines))
    return {column: [float(row[column]) for row in rows] for column in ("yi", "vi", "ni")}


def describe(case: Any) -> str:
    if isinstance(case, str):
        return case
    return str(case)


@pytest.mark.parametrize(("name", "index"), MODELS, ids=describe)
def test_a_model_agrees_with_metafor_on_every_number(name: str, index: int) -> None:
    model, data = GRID[name]["models"][index], read_dataset(name)
    said = model_mismatches(f"{name} | mods: {model['mods']}", data["yi"], data["vi"], data["ni"], model)
    assert not said, f"{len(said)} disagreements\n" + "\n".join(said[:40])


def test_the_grid_is_as_wide_as_it_claims() -> None:
    assert len(GRID) >= 8
    for name, record in GRID.items():
        assert (record["metafor"], record["k"]) == ("3.8.1", len(read_dataset(name)["yi"]))
        assert any(model["mods"] for model in record["models"])
        for model in record["models"]:
            asked = {(entry["method"], test["test"]) for entry in model["methods"] for test in entry["tests"]}
            assert asked >= {(method, test) for method in ("EE", *TAU2_METHODS) for test in ("z", "t", "knha")}
