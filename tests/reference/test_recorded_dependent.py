"""Model rows of dependent effects against what metafor and clubSandwich answered (validation/record_dependent.R)."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from analysis.models import build_model_tables, fit_model
from tests.models.conftest import model_row
from tests.tolerances import METAFOR

ROOT = Path(__file__).parents[2]
RECORDED = json.loads((ROOT / "validation/reference/dependent/effects.json").read_text(encoding="utf-8"))
CASES = [(table, index) for table in range(2) for index in range(len(RECORDED["tables"][table]["models"]))]
# Variances and degrees of freedom rest on second derivatives of the likelihood at metafor's optimum.
SECOND_ORDER = 20 * METAFOR


def read_effects(path: str) -> list[dict[str, Any]]:
    """Fisher's z of the rows of a dataset that are not excluded, computed here from r and n."""
    with (ROOT / path).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not row.get("exclude")]
    effects = []
    for line, row in enumerate(rows, start=2):
        ni, vi = float(row["ni"]), 1 / (float(row["ni"]) - 3)
        own: dict[str, Any] = {"yi": math.atanh(float(row["ri"])), "vi": vi, "sei": vi**0.5, "ni": ni, "row": line}
        own |= {name: row[name] for name in ("effect_id", "study_id", "slab")}
        effects.append({**own, "year": float(row["year"])} if "year" in row else own)
    return effects


def read_case(table: int, index: int) -> tuple[Any, dict[str, Any]]:
    recorded = RECORDED["tables"][table]
    case = recorded["models"][index]
    rho = case["rho"]
    choices: dict[str, Any] = {"structure": "three_level" if rho is None else "correlated_hierarchical"}
    choices |= {"rho": rho or 0.0, "mods": case["mods"], "test": "z", "robust": "CR2"}
    return fit_model(read_effects(recorded["data"]), model_row(**choices), measure="ZCOR"), case


@pytest.mark.parametrize(("table", "index"), CASES)
def test_a_model_agrees_with_what_was_recorded(table: int, index: int) -> None:
    model, case = read_case(table, index)
    fit, robust = model.fit, model.robust
    assert robust is not None
    scale = METAFOR * max(case["se"])
    assert list(fit.beta) == pytest.approx(case["beta"], rel=METAFOR, abs=scale)
    assert list(fit.se) == pytest.approx(case["se"], rel=METAFOR)
    assert fit.qe == pytest.approx(case["QE"], rel=METAFOR)
    assert fit.loglik == pytest.approx(case["loglik"], rel=METAFOR)
    assert list(robust.se) == pytest.approx(case["robust_se"], rel=SECOND_ORDER)
    assert list(robust.ddf) == pytest.approx(case["robust_ddf"], rel=SECOND_ORDER)
    assert list(robust.pval) == pytest.approx(case["robust_pval"], rel=10 * SECOND_ORDER)
    sigma2 = [row["estimate"] for row in model.components()]
    assert sigma2 == pytest.approx(case["sigma2"], rel=SECOND_ORDER, abs=SECOND_ORDER * sum(case["sigma2"]))


@pytest.mark.parametrize(("table", "index"), [case for case in CASES if case[1] % 2])
def test_the_joint_test_agrees_with_what_was_recorded(table: int, index: int) -> None:
    model, case = read_case(table, index)
    (omnibus,) = (row for row in build_model_tables(model)["tests"] if row["test"] == "omnibus")
    assert omnibus["stat"] == pytest.approx(case["htz"]["stat"], rel=SECOND_ORDER)
    assert omnibus["ddf"] == pytest.approx(case["htz"]["ddf"], rel=SECOND_ORDER)
    assert omnibus["pval"] == pytest.approx(case["htz"]["pval"], rel=SECOND_ORDER)
