"""Everything that can be wrong with a dataset folder, collected at once."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.datasets.cells import Records
from analysis.datasets.claims import check_claims
from analysis.datasets.columns import Column, columns_of_dataset, columns_of_schema, sound_rules
from analysis.datasets.declarations import check_description
from analysis.datasets.description import read_description
from analysis.datasets.inputs import describe_inputs, take_inputs
from analysis.datasets.review import REVIEW, read_review
from analysis.datasets.sheet import Sheet, decode, split_sheet
from analysis.datasets.tables import check_header, check_unique, read_rows
from analysis.errors import DataError, Problem
from analysis.vocabulary import MEASURE_INPUTS

# The tables each kind of dataset has; another table in the folder is a mistake.
TABLES: Mapping[str, tuple[str, ...]] = {
    "effects": ("effects.csv", "claims.csv"),
    "claims": ("claims.csv",),
    "evidence": ("evidence.csv",),
}
FILES = ("dataset.yaml", "effects.csv", "claims.csv", "evidence.csv", "truth.yaml", REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The bytes of a dataset folder: `folder` as messages show it, `name` its last part, `files` those that exist."""

    folder: str
    name: str
    files: Mapping[str, bytes]
    schemas: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a description says about its tables; None where that is not usable."""

    kind: str
    measure: str | None
    declared: Mapping[str, Any] | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset without problems.

    `meta` is its dataset.yaml; `columns` are those of its table, in order; `records` the rows of effects.csv (or of
    evidence.csv), `claims` those of claims.csv, each with its line in `row`; `truth` is there for simulated data,
    `review` where the folder has a review.yaml.
    """

    meta: Mapping[str, Any]
    columns: Mapping[str, Column]
    records: Records
    claims: Records
    truth: Mapping[str, Any] | None
    review: Mapping[str, Any] | None


def read_contents(contents: Contents) -> Dataset:
    """Return the dataset; DataError with every problem when there is one."""
    dataset, problems = _examine(contents)
    if dataset is None or problems:
        raise DataError(problems)
    return dataset


def check_contents(contents: Contents) -> list[Problem]:
    """Return every problem of a dataset folder, none for a good one."""
    return _examine(contents)[1]


def _examine(contents: Contents) -> tuple[Dataset | None, list[Problem]]:
    meta, problems = _read_yaml(contents, "dataset.yaml")
    shape = _shape_of(meta or {})
    if meta is not None and not problems:
        problems += check_description(meta, contents.name, f"{contents.folder}/dataset.yaml", _known(contents, shape))
        problems += _file_problems(contents, meta)
    columns: dict[str, Column] = {}
    rows: dict[str, Records] = {}
    for table in TABLES[shape.kind] if meta else [name for name in TABLES["effects"] if name in contents.files]:
        sheet, found = _read_sheet(contents, table)
        problems += found
        if sheet is not None:
            allowed = _allowed(contents, table, shape)
            rows[table], found = _check_table(table, sheet, allowed, shape, contents)
            problems += found
            if table != "claims.csv":
                columns = {name: allowed[name] for name in sheet.header if name in allowed}
    truth: Mapping[str, Any] | None = None
    if meta is not None and meta.get("synthetic") is True:
        truth, found = _read_yaml(contents, "truth.yaml")
        problems += found
    review, found = _read_review(contents, rows.get("effects.csv", []), columns)
    problems += found
    if meta is None or problems:
        return None, problems
    records = rows.get("effects.csv", rows.get("evidence.csv", []))
    claims = rows.get("claims.csv", [])
    return Dataset(meta=meta, columns=columns, records=records, claims=claims, truth=truth, review=review), []


def _shape_of(meta: Mapping[str, Any]) -> _Shape:
    """Return what the tables can be checked against, also where other keys of the description are wrong."""
    columns = meta.get("columns")
    counts = {key: meta[key] for key in ("k", "n_studies") if type(meta.get(key)) is int}
    return _Shape(
        kind=_word(meta.get("kind"), TABLES) or "effects",
        measure=_word(meta.get("measure"), MEASURE_INPUTS),
        declared={name: sound_rules(columns[name]) for name in columns} if isinstance(columns, dict) else None,
        counts=counts,
    )


def _word(value: object, allowed: Collection[str]) -> str | None:
    return value if isinstance(value, str) and value in allowed else None


def _read_yaml(contents: Contents, name: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    where = f"{contents.folder}/{name}"
    if name not in contents.files:
        return None, [
            Problem(where, "the file is missing.", "Create it; `python -m analysis new` writes one to fill in.")
        ]
    try:
        text = decode(contents.files[name], where)
    except DataError as error:
        return None, list(error.problems)
    return read_description(text, where, contents.schemas[name])


def _read_sheet(contents: Contents, name: str) -> tuple[Sheet | None, list[Problem]]:
    where = f"{contents.folder}/{name}"
    if name not in contents.files:
        return None, [
            Problem(where, "the file is missing.", "Create it; `python -m analysis new` writes one to fill in.")
        ]
    try:
        return split_sheet(decode(contents.files[name], where), where)
    except DataError as error:
        return None, list(error.problems)


def _read_review(
    contents: Contents, records: Records, columns: Mapping[str, Column]
) -> tuple[Mapping[str, Any] | None, list[Problem]]:
    if REVIEW not in contents.files:
        return None, []
    where = f"{contents.folder}/{REVIEW}"
    try:
        text = decode(contents.files[REVIEW], where)
    except DataError as error:
        return None, list(error.problems)
    return read_review(text, where, contents.schemas[REVIEW], records, columns)


def _known(contents: Contents, shape: _Shape) -> dict[str, Column]:
    table = "evidence.csv" if shape.kind == "evidence" else "effects.csv"
    return columns_of_schema(contents.schemas[table])


def _allowed(contents: Contents, table: str, shape: _Shape) -> dict[str, Column]:
    known = columns_of_schema(contents.schemas[table])
    return known if table == "claims.csv" or shape.declared is None else columns_of_dataset(shape.declared, known)


def _file_problems(contents: Contents, meta: Mapping[str, Any]) -> Iterator[Problem]:
    unwanted = [name for name in ("effects.csv", "claims.csv", "evidence.csv") if name not in TABLES[meta["kind"]]]
    for name in unwanted:
        if name in contents.files:
            what = f"a dataset of kind {meta['kind']} has no {name}."
            yield Problem(f"{contents.folder}/{name}", what, "Remove the file, or change the kind in dataset.yaml.")
    if "truth.yaml" in contents.files and not meta["synthetic"]:
        what = "there is a truth.yaml, but dataset.yaml says synthetic: false."
        yield Problem(
            f"{contents.folder}/truth.yaml", what, "Say synthetic: true if the numbers were drawn by a generator."
        )


def _check_table(
    table: str, sheet: Sheet, columns: Mapping[str, Column], shape: _Shape, contents: Contents
) -> tuple[Records, list[Problem]]:
    required = contents.schemas[table]["items"]["required"]
    records, found, faulty = read_rows(sheet, columns)
    if table == "claims.csv":
        problems = [*check_header(sheet, columns, required, remedy="Remove it."), *found]
        return records, [
            *problems,
            *check_unique(records, "claim_id", sheet.where),
            *check_claims(records, sheet.where),
        ]
    problems = []
    if shape.declared is not None:
        problems += check_header(sheet, columns, required, remedy="Describe it under columns in dataset.yaml.")
        problems += _declared_problems(sheet, shape.declared)
    problems += found
    if not sheet.rows:
        problems.append(Problem(sheet.where, "there is a header but no rows.", "Write one row per effect."))
    if table == "effects.csv":
        problems += check_unique(records, "effect_id", sheet.where)
        problems += _measure_problems(sheet, records, faulty, shape.measure) if shape.measure else []
        problems += _count_problems(records, shape.counts, contents.folder) if sheet.rows else []
    return records, problems


def _declared_problems(sheet: Sheet, declared: Mapping[str, Any]) -> Iterator[Problem]:
    for name in declared:
        if name not in sheet.header:
            what = f"dataset.yaml describes the column {name}, which is not there."
            yield Problem(f"{sheet.where}:1", what, "Add the column, or remove its description.")


def _measure_problems(sheet: Sheet, records: Records, faulty: set[tuple[int, str]], measure: str) -> Iterator[Problem]:
    from analysis.measures import find_impossible

    if not any(set(names) <= set(sheet.header) for names in MEASURE_INPUTS[measure]):
        what = f"measure {measure} cannot be computed from these columns."
        yield Problem(f"{sheet.where}:1", what, f"It needs {describe_inputs(measure)}.")
        return
    included = [record for record in records if record.get("exclude") is None]
    if not included:
        return
    for found in find_impossible(measure, take_inputs(included, measure)):
        line = included[found.index]["row"]
        if (line, found.column) not in faulty:
            yield Problem(f"{sheet.where}:{line}", found.what, found.remedy)


def _count_problems(records: Records, counts: Mapping[str, int], folder: str) -> Iterator[Problem]:
    counted = {"k": len(records), "n_studies": len({record.get("study_id") for record in records})}
    for key, stated in counts.items():
        if stated != counted[key]:
            what = f"{key} is {stated}, but effects.csv has {counted[key]}."
            yield Problem(f"{folder}/dataset.yaml", what, "Correct the one that is wrong.")
