"""From the rows of a dataset to the effects of one analysis: leave out, compute, turn, aggregate; list every loss."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.datasets.cells import Cell, Record, Records
from analysis.datasets.columns import Column, did_you_mean
from analysis.datasets.inputs import choose_inputs, describe_inputs, input_columns, sample_size, take_inputs
from analysis.errors import ConfigError, DataError, ImpossibleValueError, Problem
from analysis.formatting import common_label
from analysis.measures import composite, escalc, find_impossible
from analysis.results import Array
from analysis.vocabulary import IDENTITY_COLUMNS, MEASURE_INPUTS

_INPUTS = frozenset(name for measure in MEASURE_INPUTS for name in input_columns(measure))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedEffects:
    """`effects` and `excluded` as their results tables have them; `notes` say what aggregation could not keep."""

    effects: Records
    excluded: Records
    notes: tuple[str, ...] = ()


def compute_effects(
    records: Sequence[Record],
    columns: Mapping[str, Column],
    *,
    where: str,
    measure: str,
    chosen: Mapping[str, Collection[Cell]],
    aggregate_rho: float | None,
    vtype: str = "LS",
) -> ComputedEffects:
    """Return the effects of an analysis and the rows that did not enter.

    Parameters
    ----------
    records : rows of a dataset, each with its line in `row`.
    columns : its columns.
    where : its effects.csv, as messages show it.
    measure : one of MEASURE_INPUTS.
    chosen : for each filtered column the values to keep.
    aggregate_rho : correlation of the sampling errors of a study's effects; None keeps every effect.
    vtype : how sampling variances are estimated, one of VTYPES[measure].

    Notes
    -----
    `direction` multiplies yi after the measure is computed, so that the sampling variance is that of the reported
    number. The size of an aggregated effect is the mean of its effects' sizes, since they come from the same people.

    Raises
    ------
    ConfigError
        When the filter names a column or level that is not there, or the measure needs other columns.
    ImpossibleValueError
        With every number that no study can have.
    DataError
        When no row is left.
    """
    _require_columns(columns, measure, chosen, where)
    kept, excluded = _leave_out(records, columns, measure, chosen)
    if not kept:
        reasons = "; ".join(dict.fromkeys(str(row["reason"]) for row in excluded))
        raise DataError(
            Problem(where, f"no row is left for the analysis ({reasons}).", "Loosen the filter or the exclusions.")
        )
    _require_possible(kept, measure, where)
    yi, vi = _effect_sizes(kept, measure, vtype)
    moderators = [name for name in columns if name not in (*IDENTITY_COLUMNS, *_INPUTS, "direction", "exclude")]
    effects = [_effect(record, measure, moderators, yi[row], vi[row]) for row, record in enumerate(kept)]
    if aggregate_rho is None:
        return ComputedEffects(effects=effects, excluded=excluded)
    return _aggregate(effects, excluded, moderators, yi, vi, aggregate_rho)


def _require_columns(
    columns: Mapping[str, Column], measure: str, chosen: Mapping[str, Collection[Cell]], where: str
) -> None:
    if not any(set(names) <= set(columns) for names in MEASURE_INPUTS[measure]):
        raise ConfigError(
            f"{where}: measure {measure} needs {describe_inputs(measure)}. Choose a measure the table can give."
        )
    for name, values in chosen.items():
        column = columns.get(name)
        if column is None:
            guess = did_you_mean(name, columns)
            raise ConfigError(
                f"{where}: the filter names {name}, which is not a column. {guess}Columns: {', '.join(columns)}."
            )
        for value in values:
            if column.levels and _comparable(value) not in column.levels:
                guess = did_you_mean(value, column.levels)
                raise ConfigError(f"{where}: {name} has no level {value}. {guess}Levels: {', '.join(column.levels)}.")


def _leave_out(
    records: Sequence[Record], columns: Mapping[str, Column], measure: str, chosen: Mapping[str, Collection[Cell]]
) -> tuple[list[Record], list[Record]]:
    kept: list[Record] = []
    excluded: list[Record] = []
    for record in records:
        found = _reason(record, measure, chosen)
        if found is None:
            kept.append(record)
        else:
            step, reason = found
            named = {name: record[name] for name in ("row", "effect_id", "slab")}
            excluded.append({**named, "step": step, "reason": reason})
    return kept, excluded


def _reason(record: Record, measure: str, chosen: Mapping[str, Collection[Cell]]) -> tuple[str, str] | None:
    if record.get("exclude") is not None:
        return "dataset", str(record["exclude"])
    for name, values in chosen.items():
        if record.get(name) is None:
            return "filter", f"{name} is missing"
        if _comparable(record[name]) not in {_comparable(value) for value in values}:
            return "filter", f"{name} is {_comparable(record[name])}"
    if choose_inputs(record, measure) is None:
        return "measure", f"{measure} needs {describe_inputs(measure)}"
    return None


def _comparable(value: object) -> str:
    """Return a value as text that is the same for 1, 1.0 and "1", and for true in YAML and in a table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


def _require_possible(kept: Sequence[Record], measure: str, where: str) -> None:
    problems = [
        Problem(f"{where}:{kept[found.index]['row']}", found.what, found.remedy)
        for found in find_impossible(measure, take_inputs(kept, measure))
    ]
    if problems:
        raise ImpossibleValueError(problems)


def _effect_sizes(kept: Sequence[Record], measure: str, vtype: str) -> tuple[Array, Array]:
    sizes = escalc(measure, take_inputs(kept, measure), vtype=vtype)
    direction = np.array([float(record.get("direction") or 1) for record in kept])
    return sizes.yi * direction, sizes.vi


def _effect(record: Record, measure: str, moderators: Sequence[str], yi: float, vi: float) -> Record:
    names = choose_inputs(record, measure) or ()
    return {
        **{name: record[name] for name in (*IDENTITY_COLUMNS, "row")},
        "ni": sample_size(record, names),
        "yi": float(yi),
        "vi": float(vi),
        "sei": float(np.sqrt(vi)),
        **{name: record[name] for name in moderators},
    }


def _aggregate(
    effects: Records, excluded: Records, moderators: Sequence[str], yi: Array, vi: Array, rho: float
) -> ComputedEffects:
    groups: dict[Cell, list[Record]] = {}
    for effect in effects:
        groups.setdefault(effect["study_id"], []).append(effect)
    varying = [name for name in moderators if any(len({row[name] for row in rows}) > 1 for rows in groups.values())]
    pooled = composite(yi, vi, [str(effect["study_id"]) for effect in effects], rho=rho)
    combined: Records = [
        {
            **effects[first],
            "effect_id": study,
            "slab": common_label([str(row["slab"]) for row in rows]),
            "ni": _mean_size(rows),
            "yi": float(mean),
            "vi": float(variance),
            "sei": float(np.sqrt(variance)),
        }
        for (study, rows), first, mean, variance in zip(
            groups.items(), pooled.first_index, pooled.yi, pooled.vi, strict=True
        )
    ]
    for effect in combined:
        for name in varying:
            del effect[name]
    notes = [f"{name} differs between effects of one study and is left out of the aggregated table" for name in varying]
    return ComputedEffects(effects=combined, excluded=excluded, notes=tuple(notes))


def _mean_size(rows: Sequence[Record]) -> float | None:
    sizes = [float(row["ni"]) for row in rows if row["ni"] is not None]
    return sum(sizes) / len(sizes) if len(sizes) == len(rows) else None
