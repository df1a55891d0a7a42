"""All tables of one analysis, by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.tables.bayesian import build_bayesian_tables
from analysis.tables.coefficients import build_coefficients_table
from analysis.tables.dependence import build_dependence_tables
from analysis.tables.fragility import build_fragility_tables
from analysis.tables.headline import build_headline_table
from analysis.tables.models import build_models_table
from analysis.tables.moderators import (
    build_cells_table,
    build_collinearity_table,
    build_heterogeneity_table,
    build_slopes_table,
    build_subgroups_table,
    build_tests_table,
)
from analysis.tables.predictions import build_predictions_table
from analysis.tables.raw import build_raw_table
from analysis.tables.records import ModelResults, Records, Value
from analysis.tables.review import build_review_tables
from analysis.tables.studies import (
    build_excluded_table,
    build_exclusions_table,
    build_pooled_studies_table,
    build_studies_table,
)


def build_all_tables(
    analysis: Mapping[str, Any],
    dataset: Mapping[str, Any],
    excluded: Sequence[Mapping[str, Value]],
    models: Sequence[ModelResults],
    comparison: Sequence[Mapping[str, Value]] = (),
    fragility: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
    review: Mapping[str, Any] | None = None,
    rows: Sequence[Mapping[str, Value]] = (),
) -> dict[str, Records]:
    """Return every table of an analysis by the name of its schema in `schemas/tables/`.

    Parameters
    ----------
    analysis : the analysis row; `measure`, `headline` and `dataset` decide scale, first result and sources.
    dataset : the content of `dataset.json`.
    excluded : rows of the analysis' excluded.csv.
    models : what the models of the analysis left behind, in the order of the analysis.
    comparison : rows of comparison.csv, where sampled models were compared.
    fragility : rows of `fragility/*.csv` by name; None leaves its tables empty.
    review : the content of `review.json`; None leaves its tables empty.
    rows : rows of the dataset's effects.csv, each with its line in `row`.
    """
    measure, name = analysis["measure"], analysis["dataset"]
    headline = next(model for model in models if model.name == analysis["headline"])
    left_out = build_excluded_table(excluded, models, name)
    studies = build_studies_table(headline, measure, name)
    pooled = build_pooled_studies_table(models, headline.name, measure, name)
    return {
        "headline": build_headline_table(analysis, dataset, models),
        "models": build_models_table(models, measure),
        "coefficients": build_coefficients_table(models, measure),
        "tests": build_tests_table(models),
        "heterogeneity": build_heterogeneity_table(models),
        "predictions": build_predictions_table(models, measure),
        "cells": build_cells_table(models),
        "slopes": build_slopes_table(models, measure),
        "subgroups": build_subgroups_table(models, measure),
        "collinearity": build_collinearity_table(models),
        **build_dependence_tables(models, measure),
        "studies": studies,
        "pooled_studies": pooled,
        "raw": build_raw_table(pooled or studies, rows, excluded, analysis),
        "excluded": left_out,
        "exclusions": build_exclusions_table(left_out),
        **build_review_tables(review, headline.table("studies"), name, headline.name),
        **build_fragility_tables(fragility or {}, measure),
        **build_bayesian_tables(models, comparison, dataset.get("truth"), measure),
    }
