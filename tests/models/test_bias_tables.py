"""Tables of publication bias: a sentence where there is no number, whatever the effects; what the numbers rest on."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.files import write_records
from analysis.fragility.selection_averaging import average_selection
from analysis.models import bias_selection, fit_model
from analysis.models.bias_tables import BiasTables, build_bias_tables
from tests.models.conftest import effects_of, model_row
from tests.tolerances import CLOSED_FORM

type Record = dict[str, Any]

VI = [0.01, 0.015, 0.02, 0.03, 0.035, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1]
SEI = [v**0.5 for v in VI]
YI = [0.11, 0.32, -0.04, 0.25, 0.41, 0.08, 0.52, 0.17, 0.66, -0.12, 0.71, 0.39]
# Tables that no method likes; each gives numbers or sentences.
DEGENERATE: dict[str, tuple[Sequence[float], Sequence[float]]] = {
    "one study": ([0.3], [0.04]),
    "two studies": ([0.3, 0.1], [0.04, 0.02]),
    "three studies": ([0.3, 0.1, -0.2], [0.04, 0.02, 0.1]),
    "five studies": ([0.3, 0.1, -0.2, 0.5, 0.6], [0.04, 0.02, 0.1, 0.09, 0.2]),
    "all significant": ([3.0 * s + 0.1 for s in SEI], VI),
    "all significant, negative": ([-3.0 * s - 0.1 for s in SEI], VI),
    "none significant": ([(0.5 if i % 2 else -0.4) * s for i, s in enumerate(SEI)], VI),
    "equal effects": ([0.3] * 12, VI),
    "zero effects": ([0.0] * 12, VI),
    "equal precision": (YI, [0.04] * 12),
    "equal in all": ([0.3] * 8, [0.04] * 8),
    "nothing at all": ([0.0] * 8, [0.04] * 8),
    "one huge study": ([*YI[:11], 5.0], [*VI[:11], 1e-8]),
    "one huge effect": ([*YI[:11], 1e4], [*VI[:11], 0.01]),
    "one study without precision": ([*YI[:11], 0.2], [*VI[:11], 1e6]),
    "a line": ([0.1 + s for s in SEI], VI),
    "tiny units": ([1e-6 * y for y in YI], [1e-12 * v for v in VI]),
    "huge units": ([1e6 * y for y in YI], [1e12 * v for v in VI]),
}


def tables_of(
    yi: Sequence[float],
    vi: Sequence[float],
    *,
    measure: str = "GEN",
    averaging: bool = False,
    columns: Mapping[str, Sequence[Any]] | None = None,
    **choices: Any,
) -> BiasTables:
    effects = effects_of({"yi": yi, "vi": vi})
    for name, cells in (columns or {}).items():
        for effect, cell in zip(effects, cells, strict=True):
            effect[name] = cell
    row = model_row(**{"test": "z", "prediction": "normal"} | choices)
    return build_bias_tables(fit_model(effects, row, measure=measure), averaging=averaging)


def by_name(found: BiasTables) -> tuple[dict[str, Record], dict[str, Record]]:
    estimates = {str(row["method"]): row for row in found.tables["bias_estimates"]}
    return estimates, {str(row["test"]): row for row in found.tables["bias_tests"]}


@pytest.mark.parametrize("test", ["z", "knha"])
@pytest.mark.parametrize("label", DEGENERATE)
def test_degenerate_effects_give_rows_with_sentences(label: str, test: str, tmp_path: Path) -> None:
    yi, vi = DEGENERATE[label]
    found = tables_of(yi, vi, test=test)
    for name, records in found.tables.items():
        write_records(tmp_path / f"{name}.csv", name, records)
        json.dumps(records, allow_nan=False)
    estimates, tests = by_name(found)
    assert estimates["unadjusted"]["estimate"] is not None
    assert (len(estimates), len(tests)) == (25, 22)
    for row in [*list(estimates.values())[1:], *tests.values()]:
        if row.get("estimate", row.get("stat")) is None and row["pval"] is None:
            assert row["caution"]
            assert str(row["reasons"]).endswith((".", ")")), row


@pytest.mark.parametrize("label", ["one study", "all significant", "equal in all", "one huge study", "huge units"])
def test_averaging_of_degenerate_effects(label: str) -> None:
    estimates, tests = by_name(tables_of(*DEGENERATE[label], averaging=True))
    row = estimates["averaging"]
    assert row["caution"]
    if label == "huge units":
        assert row["estimate"] is None
        assert "Give effects in standard deviations" in row["reasons"]
    else:
        assert row["ci_lb"] <= row["estimate"] <= row["ci_ub"]
        assert math.isfinite(tests["averaging_bias"]["stat"])


def test_one_failure_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ModelError("no such model. Use another.")

    whole, _ = by_name(tables_of(YI, VI))
    monkeypatch.setattr(bias_selection, "fit_selection", refuse)
    estimates, tests = by_name(tables_of(YI, VI))
    assert list(estimates) == list(whole)
    assert estimates["selmodel_step"] | {"estimate": None, "caution": True} == estimates["selmodel_step"]
    assert tests["selmodel_step"]["reasons"] == "no such model. Use another."
    others = [name for name in whole if not name.startswith("selmodel")]
    assert [estimates[name] for name in others] == [whole[name] for name in others]


def test_turned_effects_give_turned_estimates() -> None:
    ours, turned = (by_name(tables_of([sign * y for y in YI], VI, averaging=True))[0] for sign in (1, -1))
    for name, row in ours.items():
        assert turned[name]["estimate"] == pytest.approx(-row["estimate"], rel=1e-6, abs=1e-9), name


def test_proportions_have_no_null() -> None:
    found = tables_of(YI, VI, measure="PLO")
    assert found.tables["bias_tests"] == []
    (row,) = found.tables["bias_estimates"]
    assert row["estimate"] is not None
    assert "do not apply" in str(row["reasons"])


def test_artefact_of_standardised_mean_differences_is_said_and_avoided() -> None:
    sizes = {"ni": [4.0 / v for v in VI]}
    with_sizes, tests = by_name(tables_of(YI, VI, measure="SMD", columns=sizes))
    without, _ = by_name(tables_of(YI, VI, measure="SMD"))
    assert "Pustejovsky & Rodgers 2019" in with_sizes["pet"]["reasons"]
    assert "See the rows by sample size" in with_sizes["pet"]["reasons"]
    assert "No sample sizes" in without["pet"]["reasons"]
    assert "Pustejovsky" not in str(with_sizes["pet_sqrtninv"]["reasons"])
    assert "pet_sqrtninv" not in without
    # With vi = 4 / ni the two regressions are one.
    assert with_sizes["pet_sqrtninv"]["estimate"] == pytest.approx(with_sizes["pet"]["estimate"], rel=1e-9)
    assert with_sizes["peese_ninv"]["estimate"] == pytest.approx(with_sizes["peese"]["estimate"], rel=1e-9)
    assert tests["regtest_ni"]["direction"] == tests["regtest_sei"]["direction"]
    assert "Fisher's z" in by_name(tables_of(YI, VI, measure="ZCOR"))[0]["pet"]["reasons"]


def test_sizes_from_arms() -> None:
    arms = {"ni": [None] * 12, "n1i": [20 + i for i in range(12)], "n2i": [25] * 12}
    assert "pet_sqrtninv" in by_name(tables_of(YI, VI, columns=arms))[0]
    arms["n2i"][3] = None
    assert "pet_sqrtninv" not in by_name(tables_of(YI, VI, columns=arms))[0]


def test_rule_of_pet_peese_is_stated_without_being_a_caution() -> None:
    vi = [v / 4.0 for v in (*VI, *VI)]
    found, _ = by_name(tables_of([0.1 + 0.02 * (i % 5) for i in range(24)], vi))
    assert "one-sided p value of PET's effect" in found["pet_peese"]["reasons"]
    assert not found["pet_peese"]["caution"]
    chosen = "peese" if "PEESE is the estimate" in found["pet_peese"]["reasons"] else "pet"
    assert found["pet_peese"]["estimate"] == found[chosen]["estimate"]


def test_averaging_takes_effects_to_the_units_of_its_priors() -> None:
    own = average_selection(np.array(YI) / 0.5, np.array(VI) / 0.25)
    estimates, tests = by_name(tables_of(YI, VI, measure="ZCOR", averaging=True))
    assert estimates["averaging"]["estimate"] == pytest.approx(0.5 * own.mean, rel=CLOSED_FORM)
    assert tests["averaging_bias"]["stat"] == pytest.approx(own.log_bf_bias, rel=CLOSED_FORM)
    # Units are known: the kernel's sentence about them is dropped, and 12 effects give no other.
    assert not estimates["averaging"]["caution"]
    assert by_name(tables_of(YI, VI, averaging=True))[0]["averaging"]["caution"]


def test_mean_differences_are_averaged_in_standard_deviations() -> None:
    sizes = {"ni": [4.0 / v for v in VI]}
    d, _ = by_name(tables_of(YI, VI, measure="SMD", averaging=True, columns=sizes))
    points, _ = by_name(
        tables_of([15.0 * y for y in YI], [225.0 * v for v in VI], measure="MD", averaging=True, columns=sizes)
    )
    assert points["averaging"]["estimate"] == pytest.approx(15.0 * d["averaging"]["estimate"], rel=1e-9)
    assert "standard deviation was taken as 15" in points["averaging"]["reasons"]


def test_moderators_are_left_out_and_said() -> None:
    year = {"year": [1990 + i for i in range(12)]}
    moderated, plain = tables_of(YI, VI, mods="year", columns=year), tables_of(YI, VI)
    assert "The moderators (year) are left out: these methods look at the mean effect." in moderated.notes
    first, same = moderated.tables["bias_estimates"], plain.tables["bias_estimates"]
    assert [row["estimate"] for row in first] == [row["estimate"] for row in same]


@pytest.mark.parametrize("structure", ["three_level", "correlated_hierarchical", "aggregated", "independent"])
def test_dependent_effects_enter_as_one_composite(structure: str) -> None:
    study = {"study_id": ["a", "a", "b", "b", "c", "d", "e", "f", "g", "h", "h", "h"]}
    robust = "CR2" if structure == "independent" else None
    found = tables_of(YI, VI, structure=structure, columns=study, rho=0.5, robust=robust)
    estimates, tests = by_name(found)
    assert estimates["pet"]["k_used"] == 8
    assert estimates["egger_multilevel_sei"]["k_used"] == 12
    assert "12 effects in 8 clusters, CR2" in tests["egger_multilevel_vi"]["detail"]
    assert "correlate by 0.5" in " ".join(found.notes)
    assert by_name(tables_of(YI, VI, columns=study))[0]["pet"]["k_used"] == 12


def test_n_weighted_means_are_adjusted_by_reml() -> None:
    found = tables_of(YI, VI, columns={"ni": [4.0 / v for v in VI]}, method="n-weighted", weights="ni", measure="COR")
    assert "Models that are fitted again use REML, not n-weighted." in found.notes
    assert by_name(found)[0]["regtest_sei"]["estimate"] is not None
