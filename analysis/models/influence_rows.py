"""Rows of the tables of influence: what a set does to a model, and the coefficient that a reader should look at."""

from collections.abc import Sequence

import numpy as np

from analysis.formatting import common_label
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Record, finite
from analysis.models.influence_deletion import Deletion
from analysis.results import Array, BoolArray, IntArray

EFFECT_COLUMNS = (
    "rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "qe_del", "hat", "weight", "dfbetas", "is_infl", "baujat_x",
    "baujat_y", "estimate", "ci_lb", "ci_ub", "pval", "tau2", "i2", "flips", "term",
)  # fmt: skip
STUDY_COLUMNS = (
    "rstudent", "X2", "X2_pval", "cook_d", "dfbetas", "baujat_x", "baujat_y", "estimate", "ci_lb", "ci_ub", "pval",
    "tau2", "flips", "term",
)  # fmt: skip


def study_label(slabs: Sequence[str], study_id: object) -> str:
    """What the labels of a study's effects have in common; its identifier where that is nothing."""
    label = common_label(slabs)
    return str(study_id) if label == slabs[0] and len(set(slabs)) > 1 else label


def effect_rows(model: EstimatedModel, found: Deletion | None) -> list[Record]:
    """One row per effect; with `found` None its numbers are empty."""
    own = ("effect_id", "study_id", "slab", "row")
    places = [{name: effect.get(name) for name in own} for effect in model.effects]
    return _rows(model, places, found, EFFECT_COLUMNS)


def study_rows(model: EstimatedModel, found: Deletion | None) -> list[Record]:
    """One row per study, in order of first appearance; with `found` None its numbers are empty."""
    counts: dict[str, int] = {}
    for cell in model.column("study_id"):
        counts[str(cell)] = counts.get(str(cell), 0) + 1
    places: list[Record] = [{"study_id": study, "k": count} for study, count in counts.items()]
    return _rows(model, places, found, STUDY_COLUMNS)


def _rows(
    model: EstimatedModel, places: Sequence[Record], found: Deletion | None, columns: tuple[str, ...]
) -> list[Record]:
    if found is None:
        return [{**place, **dict.fromkeys(columns)} for place in places]
    flips, known = _flips(model, found)
    term = _terms(model, found, flips)
    each = np.arange(len(term))
    largest = np.array([_farthest(row) for row in found.dfbs])
    numbers: dict[str, Array | BoolArray] = {
        **found.columns,
        "dfbetas": found.dfbs[each, largest],
        "estimate": found.beta[each, term],
        "ci_lb": found.ci_lb[each, term],
        "ci_ub": found.ci_ub[each, term],
        "pval": found.pval[each, term],
        "tau2": found.tau2,
        "i2": found.i2,
    }
    rows = []
    for index, place in enumerate(places):
        cells: Record = {name: finite(numbers[name][index]) for name in columns if name in numbers}
        cells |= {"flips": bool(flips[index].any()) if known[index] else None, "term": model.fit.names[term[index]]}
        rows.append({**place, **{name: cells[name] for name in columns}})
    return rows


def _looked_at(model: EstimatedModel) -> IntArray:
    """Coefficients that a conclusion is about: all but the intercept of a model with moderators."""
    names = model.fit.names
    places = [place for place, name in enumerate(names) if len(names) == 1 or name != "intrcpt"]
    return np.array(places, dtype=int)


def _flips(model: EstimatedModel, found: Deletion) -> tuple[BoolArray, BoolArray]:
    """Which coefficients (J, p) lose, gain or turn their conclusion, and for which sets that can be said, (J,)."""
    full = model.coefficients()
    before, after = _side(np.asarray(full.ci_lb), np.asarray(full.ci_ub)), _side(found.ci_lb, found.ci_ub)
    looked = np.isin(np.arange(found.beta.shape[1]), _looked_at(model))
    decided = np.isfinite(before) & np.isfinite(after) & looked
    return decided & (before != after), decided.any(-1)


def _side(lower: Array, upper: Array) -> Array:
    """1 or -1 for intervals on one side of zero, 0 for those that hold it, not a number without one."""
    side: Array = np.where(lower > 0.0, 1.0, np.where(upper < 0.0, -1.0, 0.0))
    return np.where(np.isfinite(lower) & np.isfinite(upper), side, np.nan)


def _terms(model: EstimatedModel, found: Deletion, flips: BoolArray) -> IntArray:
    looked = _looked_at(model)
    chosen = [
        among[_farthest(moved[among])]
        for moved, row in zip(found.dfbs, flips, strict=True)
        for among in (np.flatnonzero(row) if row.any() else looked,)
    ]
    return np.array(chosen, dtype=int)


def _farthest(moved: Array) -> int:
    return int(np.argmax(np.where(np.isfinite(moved), np.abs(moved), -1.0)))
