"""The sweep over rho against metafor (`vcalc`, `rma.mv`, `aggregate`, `rma`) and clubSandwich."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.models import fit_model
from analysis.models.sweeping import build_sweep
from analysis.vocabulary import SWEPT_RHO
from tests.models.conftest import model_row
from tests.tolerances import METAFOR

STRUCTURES = {"che": "correlated_hierarchical", "aggregated": "aggregated"}
RHOS = (0.0, 0.2, 0.5, 0.6, 0.9)


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    result: dict[str, Any] = r((Path(__file__).parent / "rho_sweep.R").read_text(encoding="utf-8"))
    return result


def records(answers: dict[str, Any]) -> list[dict[str, Any]]:
    columns = ("yi", "vi", "study", "pubstatus")
    rows = zip(*(answers[name] for name in columns), strict=True)
    return [
        {
            **{"effect_id": f"e{i}", "study_id": f"s{study}", "slab": f"row {i}", "row": i, "ni": None},
            **{"yi": yi, "vi": vi, "sei": vi**0.5, "pubstatus": float(status)},
        }
        for i, (yi, vi, study, status) in enumerate(rows, start=1)
    ]


@pytest.mark.parametrize("model", STRUCTURES)
@pytest.mark.parametrize("mods", [None, "pubstatus"])
@pytest.mark.parametrize("robust", [None, "CR2"])
def test_the_model_at_every_rho(answers: dict[str, Any], model: str, mods: str | None, robust: str | None) -> None:
    row = model_row(structure=STRUCTURES[model], mods=mods, robust=robust, test="z")
    found = build_sweep(fit_model(records(answers), row, measure="GEN"))
    assert sorted({one["rho"] for one in found}) == sorted({*SWEPT_RHO, 0.6})
    for rho in RHOS:
        theirs = answers[f"{rho:g} {mods or 'mean'}"][model]
        ours = [one for one in found if one["rho"] == rho]
        names = {"estimate": "beta", "se": "se", "ci_lb": "ci_lb"}
        if robust:
            names = {"estimate": "beta"} | {name: f"robust_{name}" for name in ("se", "ci_lb", "ci_ub")}
        scale = max(one["se"] for one in ours)
        for name, their in names.items():
            expected = np.atleast_1d(theirs[their])
            np.testing.assert_allclose([one[name] for one in ours], expected, rtol=METAFOR, atol=METAFOR * scale)
        if robust:
            np.testing.assert_allclose(
                [one["ddf"] for one in ours], np.atleast_1d(theirs["robust_ddf"]), rtol=10 * METAFOR
            )
        np.testing.assert_allclose(ours[0]["tau2"], np.sum(theirs["sigma2"]), rtol=10 * METAFOR)


@pytest.mark.parametrize("structure", ["independent", "three_level"])
def test_a_structure_without_rho_has_no_sweep(answers: dict[str, Any], structure: str) -> None:
    assert build_sweep(fit_model(records(answers), model_row(structure=structure, test="z"), measure="GEN")) == []


def test_studies_of_one_effect_have_no_sweep(answers: dict[str, Any]) -> None:
    first = {one["study_id"]: one for one in reversed(records(answers))}
    row = model_row(structure="aggregated", test="z")
    assert build_sweep(fit_model(list(first.values()), row, measure="GEN")) == []
