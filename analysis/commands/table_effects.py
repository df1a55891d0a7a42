"""Effects of any table, for `fit` and `new`: columns named by options, rows checked with their places."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.commands.table_options import build_request, named_inputs, open_grid
from analysis.datasets.cells import Record
from analysis.datasets.foreign import (
    LeftOut,
    StudyTable,
    column_names,
    infer_measure,
    read_study_table,
    shorten,
    suggest_options,
)
from analysis.errors import DataError, ImpossibleValueError, Problem
from analysis.results import EffectSizes
from analysis.vocabulary import MEASURE_INPUTS


def choose_measure(choices: dict[str, Any], *, given: bool) -> str:
    """Return the measure: as given, else the one the columns named by options are enough for, else the default."""
    measure: str = choices["measure"]
    return measure if given else infer_measure(named_inputs(choices)) or measure


def read_table(file: Path, choices: dict[str, Any]) -> StudyTable:
    """Return the table of a file as the options say.

    Raises
    ------
    DataError
        When it cannot be read, has no rows, or lacks columns that the measure needs.
    """
    measure = choices["measure"]
    grid = open_grid(file, choices)
    table = read_study_table(grid, build_request(choices, measure))
    if not any(set(names) <= set(table.inputs) for names in MEASURE_INPUTS[measure]):
        needs = " or ".join(", ".join(names) for names in MEASURE_INPUTS[measure])
        remedy = f"Name the columns with options. {suggest_options(table.header)}".rstrip()
        raise DataError(Problem(file.as_posix(), f"measure {measure} needs {needs}.", remedy))
    if not table.rows:
        names = ", ".join(name for name in table.header.names if name)
        raise DataError(Problem(grid.row_place(table.header.last), "the table has no rows.", f"Columns: {names}."))
    _require_studies(table)
    return table


def _require_studies(table: StudyTable) -> None:
    empty = [row for row, study in zip(table.rows, table.studies or (), strict=False) if study is None]
    if empty:
        remedy = "Fill it in; where it means the one above, say --fill-down."
        raise DataError([Problem(table.grid.row_place(row.number), "the study is empty.", remedy) for row in empty])


def compute_sizes(table: StudyTable, used: Sequence[int], choices: dict[str, Any]) -> EffectSizes:
    """Return effects of the rows at these positions.

    Raises
    ------
    ImpossibleValueError
        With the place of every number that no study can have.
    DataError
        With every row whose numbers give no effect.
    """
    from analysis.measures import escalc, find_impossible

    measure, ratio = choices["measure"], choices["ratio"]
    columns = take_inputs(table, measure, used)
    places = [
        Problem(_place(table, used[item.index], item.column), item.what, item.remedy)
        for item in find_impossible(measure, columns, ratio=ratio)
    ]
    if places:
        raise ImpossibleValueError(places)
    sizes = escalc(measure, columns, vtype=choices.get("vtype", "LS"), level=choices["level"], ratio=ratio)
    undefined = [used[i] for i, value in enumerate(sizes.vi) if value != value]
    if undefined:
        what, remedy = (
            "no effect can be computed from these numbers.",
            "Correct them, or leave the row out with --rows.",
        )
        raise DataError([Problem(table.grid.row_place(table.rows[i].number), what, remedy) for i in undefined])
    return sizes


def _place(table: StudyTable, index: int, column: str) -> str:
    return table.grid.cell_place(table.rows[index].number, table.positions[column])


def take_inputs(table: StudyTable, measure: str, used: Sequence[int]) -> dict[str, list[float]]:
    """Return the inputs that the measure makes use of, of these rows, NaN where there is none."""
    names = dict.fromkeys(name for names in MEASURE_INPUTS[measure] for name in names if name in table.inputs)
    chosen = {name: [table.inputs[name][i] for i in used] for name in names}
    return {name: [math.nan if cell is None else float(cell) for cell in cells] for name, cells in chosen.items()}


def find_missing(table: StudyTable, measure: str) -> dict[int, str]:
    """Return the rows that fill no set of inputs of the measure, with the cells that are missing."""
    sets = [names for names in MEASURE_INPUTS[measure] if set(names) <= set(table.inputs)]
    return {
        index: table.missing_reason(index, sets[0])
        for index in range(len(table.rows))
        if not any(all(table.inputs[name][index] is not None for name in names) for names in sets)
    }


def describe_other_inputs(table: StudyTable, measure: str) -> list[str]:
    """Return a sentence for rows that lack what the first of them are computed from, and use other columns."""
    sets = [names for names in MEASURE_INPUTS[measure] if set(names) <= set(table.inputs)]
    used: dict[tuple[str, ...], list[int]] = {}
    for index, row in enumerate(table.rows):
        filled = (names for names in sets if all(table.inputs[name][index] is not None for name in names))
        names = next(filled, None)
        if names is not None:
            used.setdefault(names, []).append(row.number)
    return [
        f"{table.grid.row_word()}s computed from {', '.join(names)}: {', '.join(map(str, rows[:8]))}"
        + (" …" if len(rows) > 8 else "")
        for names, rows in used.items()
        if names != sets[0]
    ]


def describe_left_out(table: StudyTable, left_out: Sequence[LeftOut]) -> list[str]:
    """Return a sentence per reason for which rows are left out, in the order of the table."""
    word = table.grid.row_word()
    by_reason: dict[str, list[LeftOut]] = {}
    for one in sorted(left_out, key=lambda one: one.number):
        by_reason.setdefault(one.reason, []).append(one)
    sentences = []
    for reason, rows in by_reason.items():
        if len(rows) == 1:
            what = f' ("{shorten(rows[0].text)}")' if reason.startswith(("reads", "holds")) else ""
            sentences.append(f"{word} {rows[0].number} left out: {reason}{what}")
        else:
            numbers = _ranges([row.number for row in rows])
            sentences.append(f"{word}s {numbers} left out: {reason} ({len(rows)} rows)")
    return sentences


def _ranges(numbers: Sequence[int]) -> str:
    """Return 2-3, 5 for 2, 3 and 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def read_effects(file: Path, choices: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Records of effects from a table, and a sentence per row that is left out.

    A row without numbers is left out, one with numbers that cannot be is an error with its place. The columns `exclude`
    (a reason) and `direction` (1 or -1) mean what they mean in `data/`.
    """
    table = read_table(file, choices)
    reasons = find_missing(table, choices["measure"])
    said = table.columns.get("exclude", ())
    reasons.update({index: str(reason) for index, reason in enumerate(said) if reason})
    left_out = [*table.left_out, *(LeftOut(table.rows[index].number, reason, "") for index, reason in reasons.items())]
    used = [index for index in range(len(table.rows)) if index not in reasons]
    if not used:
        why = "; ".join(describe_left_out(table, left_out)[:3])
        raise DataError(Problem(file.as_posix(), "no row gives an effect.", f"{why}."))
    sizes = compute_sizes(table, used, choices)
    effects = [
        _record(table, index, choices, read_sign(table, index) * float(yi), float(vi))
        for index, yi, vi in zip(used, sizes.yi, sizes.vi, strict=True)
    ]
    for number, effect in enumerate(effects, start=1):
        effect["effect_id"] = f"e{number}"
        effect["study_id"] = effect["study_id"] or f"e{number}"
    return effects, [
        *table.notes,
        *describe_other_inputs(table, choices["measure"]),
        *describe_left_out(table, left_out),
    ]


def read_sign(table: StudyTable, index: int) -> int:
    """Return the direction of a row, 1 where the table says nothing."""
    direction = table.columns["direction"][index] if "direction" in table.columns else None
    if direction not in (1, -1, None):
        place = _place_of(table, index, "direction")
        raise DataError(Problem(place, f"direction is {direction}.", "Write 1 where more is better, else -1."))
    return int(direction or 1)


def _place_of(table: StudyTable, index: int, column: str) -> str:
    return table.grid.cell_place(table.rows[index].number, table.numbers[column])


def _record(table: StudyTable, index: int, choices: dict[str, Any], yi: float, vi: float) -> dict[str, Any]:
    row = table.rows[index]
    record: Record = {name: cells[index] for name, cells in table.columns.items()}
    size = table.inputs["ni"][index] if "ni" in table.inputs else record.get("ni")
    own: Mapping[str, Any] = {
        "yi": yi,
        "vi": vi,
        "sei": vi**0.5,
        "row": row.number,
        "slab": (table.labels[index] if table.labels else None) or f"row {index + 1}",
        "study_id": table.studies[index] if table.studies else None,
        "ni": float(size) if isinstance(size, int | float) else size,
    }
    weights = choices["weights"]
    found = table.header.find(weights) if weights else []
    alias = {weights: _by_number(table, found[0])[index]} if found else {}
    return {**_formula_names(record), **record, **alias, **own}


def _formula_names(record: Record) -> Record:
    """Return columns whose names a formula cannot use, such as "Mean age (y)", under names it can."""
    titles = [title for title in record if not title.isidentifier()]
    names = column_names(titles, [title for title in record if title.isidentifier()])
    return {name: record[title] for name, title in zip(names, titles, strict=True)}


def _by_number(table: StudyTable, number: int) -> Sequence[Any]:
    return next(table.columns[name] for name, column in table.numbers.items() if column == number)
