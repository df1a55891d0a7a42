"""A dataset and the rows of the configuration that concern it, opened together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.config import load_config, model_for
from analysis.datasets import Dataset
from analysis.datasets.effects import ComputedEffects, compute_effects
from analysis.datasets.foreign import Request, StudyTable, column_names, read_grid, read_study_table
from analysis.errors import ConfigError, DataError
from analysis.figures.records import numbers
from analysis.files import read_bytes, read_dataset
from analysis.measures import escalc
from analysis.results import Array
from analysis.rows import AnalysisRow, AnyModelRow

type Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One analysis: its row, its dataset, its effects, the rows left out, and every model of the configuration."""

    analysis: AnalysisRow
    dataset: Dataset
    effects: Records
    excluded: Records
    models: Mapping[str, AnyModelRow]
    tolerance: float

    @property
    def measure(self) -> str:
        """Measure of the effects, in metafor's codes."""
        return self.analysis.measure


def open_analysis(root: str | Path, name: str) -> Opened:
    """Open an analysis of the configuration.

    Parameters
    ----------
    root : folder that holds `config/` and `data/`.
    name : name of the analysis in `config/config.yaml`.

    Raises
    ------
    ConfigError, DataError
        When there is no such analysis, or its configuration or data cannot be used.
    """
    root = Path(root)
    config = load_config(root / "config" / "config.yaml", root / "data")
    if name not in config.analyses:
        raise ConfigError(f"there is no analysis named {name}. Choose one of {', '.join(config.analyses)}.")
    row = config.analyses[name]
    dataset = read_dataset(root / "data" / row.dataset)
    found = _compute(dataset, row.measure, row.filter, row.aggregate_rho, f"data/{row.dataset}/effects.csv")
    return Opened(
        analysis=row,
        dataset=dataset,
        effects=found.effects,
        excluded=found.excluded,
        # A Bayesian row has priors for some measures only.
        models={model: model_for(config, name, model) for model in config.models if _fits(config.models[model], row)},
        tolerance=config.tolerance,
    )


def open_effects(folder: str | Path, measure: str, *, rho: float | None = None) -> ComputedEffects:
    """Effects of a dataset folder; those of one study are combined where `rho` says how their errors correlate.

    Raises
    ------
    DataError
        With every problem of the folder.
    """
    path = Path(folder)
    return _compute(read_dataset(path), measure, {}, rho, f"{path.name}/effects.csv")


def open_table(path: str | Path, measure: str, *, slab: str, **inputs: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Effects of somebody's table, and a sentence for every row that is none.

    Parameters
    ----------
    path : a CSV file or an Excel workbook.
    measure : str
    slab : name of the column of studies, one row each.
    **inputs : what the measure is computed from, in metafor's names, and the column that holds it: `ri="r"`.

    Raises
    ------
    DataError
        When the table cannot be read, or lacks a column.
    ImpossibleValueError
        With every number that no study can have.
    """
    file = Path(path)
    table = read_study_table(read_grid(read_bytes(file), file.name), Request(inputs=inputs, slab=slab))
    numbers = {name: [np.nan if cell is None else float(cell) for cell in table.inputs[name]] for name in inputs}
    sizes = escalc(measure, numbers)
    said = [f"row {one.number}: {one.reason}" for one in table.left_out]
    said += [
        f"row {row.number}: {measure} needs {', '.join(inputs)}"
        for row, vi in zip(table.rows, sizes.vi, strict=True)
        if np.isnan(vi)
    ]
    rows = zip(sizes.yi, sizes.vi, strict=True)
    return [_effect(table, i, float(yi), float(vi)) for i, (yi, vi) in enumerate(rows) if vi == vi], said


def _effect(table: StudyTable, index: int, yi: float, vi: float) -> dict[str, Any]:
    label = (table.labels or ())[index] or f"row {table.rows[index].number}"
    names = column_names(list(table.columns), [])
    own = {name: cells[index] for name, cells in zip(names, table.columns.values(), strict=True)}
    identity = {"effect_id": f"e{index + 1}", "study_id": f"e{index + 1}", "slab": label}
    sizes = table.inputs.get("ni")
    ni = None if sizes is None else sizes[index]
    return {**own, **identity, "row": table.rows[index].number, "ni": ni, "yi": yi, "vi": vi, "sei": vi**0.5}


def columns(records: Records, *names: str) -> tuple[Array, ...]:
    """Columns of a table as arrays (k,), nan where a cell is empty.

    Raises
    ------
    DataError
        When the table has no such column.
    """
    for name in names:
        if any(name not in record for record in records):
            raise DataError(f"there is no column {name}. Choose one of {', '.join(records[0])}.")
    return tuple(np.array(numbers(records, name)) for name in names)


def _compute(
    dataset: Dataset, measure: str, chosen: Mapping[str, Any], rho: float | None, where: str
) -> ComputedEffects:
    return compute_effects(
        dataset.records, dataset.columns, where=where, measure=measure, chosen=chosen, aggregate_rho=rho
    )


def _fits(model: Mapping[str, Any], row: AnalysisRow) -> bool:
    prior = model.get("prior_mu")
    return not isinstance(prior, Mapping) or row.measure in prior
