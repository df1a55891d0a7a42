"""What can be wrong with the row of a path model, besides its shape."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from analysis.config.explained import did_you_mean
from analysis.config.shelf import Columns, read_columns
from analysis.config.source import Choices
from analysis.errors import ConfigError, Problem
from analysis.path_models.syntax import PathModel, parse_path_model
from analysis.vocabulary import DIMENSIONS, PUBLISHED

NEEDED = ("ri", "ni", "study_id")


def problems_of_paths(
    where: str, rows: Mapping[str, Choices], taken: Iterable[str], data_dir: Path
) -> Iterator[Problem]:
    """Yield every problem of the path models; `taken` are names that already have a page or a folder."""
    for name, row in rows.items():
        place = f"{where}.{name}"
        if name in taken:
            yield Problem(place, "an analysis or a folder of results has this name.", "Choose another name.")
        if row["kind"] == PUBLISHED:
            yield from _problems_of_published(place, row, data_dir)
        else:
            yield from _problems_of_correlations(place, row, data_dir)


def _problems_of_published(where: str, row: Choices, data_dir: Path) -> Iterator[Problem]:
    for dataset in row["datasets"]:
        yield from read_columns(f"{where}.datasets", dataset, data_dir, kind="claims")
    for dimension in row["dimensions"]:
        if dimension not in DIMENSIONS:
            what = f'"{dimension}" is not a dimension of attachment.'
            yield Problem(f"{where}.dimensions", what, did_you_mean(dimension, DIMENSIONS))


def _problems_of_correlations(where: str, row: Choices, data_dir: Path) -> Iterator[Problem]:
    model = yield from _read_model(f"{where}.model", row["model"])
    simpler = yield from _read_model(f"{where}.simpler", row["simpler"])
    if model is not None:
        yield from _problems_of_variables(f"{where}.model", model, row["constructs"])
        if simpler is not None:
            yield from _problems_of_simpler(f"{where}.simpler", simpler, model)
    columns = yield from read_columns(f"{where}.dataset", row["dataset"], data_dir)
    if columns is not None:
        yield from _problems_of_pairs(where, row, columns)


def _read_model(where: str, text: str | None) -> Any:
    """Yield why a model cannot be read, or return it."""
    try:
        return None if text is None else parse_path_model(text)
    except ConfigError as error:
        yield Problem(where, "the model cannot be used:", str(error))
        return None


def _problems_of_variables(where: str, model: PathModel, constructs: Mapping[str, str]) -> Iterator[Problem]:
    for name in (name for name in model.variables if name not in constructs):
        yield Problem(where, f'"{name}" is not among the constructs.', did_you_mean(name, constructs))
    for name in (name for name in constructs if name not in model.variables):
        yield Problem(where, f'the construct "{name}" has no path.', "Add one, or remove the construct.")


def _problems_of_simpler(where: str, simpler: PathModel, model: PathModel) -> Iterator[Problem]:
    if set(simpler.variables) != set(model.variables):
        yield Problem(where, "it is not about the variables of the model.", "Use all of them, and no others.")
    elif not set(simpler.paths) < set(model.paths) or not set(simpler.disturbances) <= set(model.disturbances):
        yield Problem(where, "it is not the model with fewer paths.", "Take paths out of the model, add none.")


def _problems_of_pairs(where: str, row: Choices, columns: Columns) -> Iterator[Problem]:
    if missing := [name for name in NEEDED if name not in columns]:
        what = f"{row['dataset']} lacks {', '.join(missing)}."
        yield Problem(f"{where}.dataset", what, "A path model needs correlations, sample sizes and studies.")
    if row["pair"] not in columns:
        what = f'"{row["pair"]}" is not a column of {row["dataset"]}.'
        yield Problem(f"{where}.pair", what, did_you_mean(row["pair"], columns))
        return
    declared = columns[row["pair"]]
    levels = declared.get("levels") if isinstance(declared, dict) else None
    if not levels:
        what = f'the column "{row["pair"]}" declares no levels.'
        yield Problem(f"{where}.pair", what, "Name the pairs as levels `a-b` in dataset.yaml.")
        return
    pairs = [tuple(str(level).split("-")) for level in levels]
    known = list(dict.fromkeys(name for pair in pairs for name in pair))
    absent = [name for name in row["constructs"] if name not in known]
    for name in absent:
        yield Problem(f"{where}.constructs", f'"{name}" is in no pair of {row["dataset"]}.', did_you_mean(name, known))
    named = [name for name in row["constructs"] if name not in absent]
    for a, b in (both for both in combinations(named, 2) if both not in pairs and both[::-1] not in pairs):
        yield Problem(f"{where}.constructs", f"{row['dataset']} has no pair {a}-{b}.", "Leave one of the two out.")
