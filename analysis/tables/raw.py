"""What the dataset says of every effect, cell by cell: the statistics behind it, its moderators, its source."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.datasets.inputs import choose_inputs
from analysis.tables.records import Record, Records, Value
from analysis.vocabulary import IDENTITY_COLUMNS

# What places a row or tells it apart is no statement about a study.
PLACE = (*IDENTITY_COLUMNS, "row", "exclude")


def build_raw_table(
    studies: Sequence[Mapping[str, Value]],
    rows: Sequence[Mapping[str, Value]],
    excluded: Sequence[Mapping[str, Value]],
    analysis: Mapping[str, Any],
) -> Records:
    """One row per effect and filled cell of the dataset, in the order of the effects and of the dataset's columns.

    Parameters
    ----------
    studies : rows of `build_studies_table`: the effects, each with its line in `row`.
    rows : rows of the dataset's effects.csv, each with its line in `row`.
    excluded : rows of the analysis' excluded.csv; no effect rests on them.
    analysis : the analysis row. Where it makes one composite of a study's effects, only cells in which all lines of the
        study agree are kept: a composite has no statistics of its own.
    """
    out = {record["row"] for record in excluded}
    entered = [record for record in rows if record["row"] not in out]
    by_line = {record["row"]: record for record in entered}
    by_study: dict[Value, list[Mapping[str, Value]]] = {}
    for record in entered:
        by_study.setdefault(record["study_id"], []).append(record)
    found: Records = []
    for study in studies:
        first = by_line.get(study["row"])
        if first is not None:
            lines = [first] if analysis["aggregate_rho"] is None else by_study[first["study_id"]]
            found += _cells(study, lines, analysis)
    return found


def _cells(study: Mapping[str, Value], lines: Sequence[Mapping[str, Value]], analysis: Mapping[str, Any]) -> Records:
    first = lines[0]
    inputs = ("ni", *(choose_inputs(first, analysis["measure"]) or ()))
    moderators = (*analysis["moderators"], analysis["forest_group"])
    cells: Records = []
    for column, value in first.items():
        if column in PLACE or value is None or any(line[column] != value for line in lines):
            continue
        role = "moderator" if column in moderators else "input" if column in inputs else "other"
        cell: Record = {"effect_id": study["effect_id"], "row": study["row"], "column": column, "role": role}
        cell |= _stated(value) | {"source": f"data/{analysis['dataset']}/effects.csv:{study['row']}"}
        cells.append(cell)
    return cells


def _stated(value: Value) -> Record:
    if isinstance(value, bool):
        return {"given": None, "word": "yes" if value else "no"}
    if isinstance(value, int | float):
        return {"given": float(value), "word": None}
    return {"given": None, "word": value}
