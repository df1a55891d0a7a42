"""The shelf against what the papers print, pooled by metafor: the numbers, not our estimators, are under test here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.datasets.effects import compute_effects
from analysis.files import read_dataset

DATA = Path(__file__).parents[2] / "data"
RunR = Callable[..., dict[str, Any]]


def pooled(r: RunR, name: str, measure: str, back: str, **changes: float) -> float:
    """Return metafor's random-effects mean of a dataset, on the scale a reader sees."""
    dataset = read_dataset(DATA / name)
    records = [{**row, "ni": changes.get(str(row["effect_id"]), row.get("ni"))} for row in dataset.records]
    computed = compute_effects(records, dataset.columns, where=name, measure=measure, chosen={}, aggregate_rho=None)
    code = f"list(mean = {back}(as.numeric(rma(yi, vi, method = 'DL')$beta)))"
    columns = {key: [row[key] for row in computed.effects] for key in ("yi", "vi")}
    return float(r(code, **columns)["mean"])


# As printed: data/*/claims.csv.
@pytest.mark.parametrize(
    ("name", "measure", "back", "printed"),
    [
        ("positive_regard", "ZCOR", "tanh", 0.27),
        ("congruence", "ZCOR", "tanh", 0.24),
        ("paternal_sensitivity", "ZCOR", "tanh", 0.12),
    ],
)
def test_the_pooled_effect_is_near_the_printed_one(r: RunR, name: str, measure: str, back: str, printed: float) -> None:
    assert pooled(r, name, measure, back) == pytest.approx(printed, abs=0.015)


# What the notes of these datasets tell: the rows do not give the printed .32, -.001 and .28.
@pytest.mark.parametrize(
    ("name", "measure", "back", "told"),
    [
        ("culturally_adapted", "SMD", "identity", ".37"),
        ("researcher_allegiance", "SMD", "identity", "-.05"),
        ("attachment_stability", "ZCOR", "tanh", ".25"),
    ],
)
def test_where_the_rows_do_not_give_the_printed_result_the_notes_say_what_they_give(
    r: RunR, name: str, measure: str, back: str, told: str
) -> None:
    assert pooled(r, name, measure, back) == pytest.approx(float(told), abs=0.005)
    assert any(f" = {told}" in note for note in read_dataset(DATA / name).meta["notes"])


def test_with_eight_people_in_litter_positive_regard_is_weaker(r: RunR) -> None:
    assert pooled(r, "positive_regard", "ZCOR", "tanh", litter_2004=8) == pytest.approx(0.253, abs=0.006)
