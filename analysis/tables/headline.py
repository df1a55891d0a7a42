"""The result that stands on the first page, one row per analysis."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.tables.models import build_model_row
from analysis.tables.records import ModelResults, Record, Records


def build_headline_table(
    analysis: Mapping[str, Any],
    dataset: Mapping[str, Any],
    models: Sequence[ModelResults],
) -> Records:
    """One row: the analysis, its data, and what its headline model says.

    Parameters
    ----------
    analysis : the analysis row (name, title, question, dataset, measure, headline ...).
    dataset : the content of `dataset.json`.
    models : results of the models of the analysis; one of them is `analysis["headline"]`.
    """
    headline = next(model for model in models if model.name == analysis["headline"])
    row: Record = {"analysis": analysis["name"]}
    row |= {key: analysis[key] for key in ("title", "question", "dataset", "measure")}
    row["synthetic"] = bool(dataset["synthetic"])
    return [row | build_model_row(headline, analysis["measure"])]
