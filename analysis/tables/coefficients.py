"""Coefficients of every model."""

from collections.abc import Sequence
from typing import Final

from analysis.tables.records import INTERCEPT, ModelResults, Record, Records, number, on_both_scales

SCALED: Final = ("estimate", "ci_lb", "ci_ub")
KEPT: Final = ("se", "stat", "ddf", "pval", "level")


def build_coefficients_table(models: Sequence[ModelResults], measure: str) -> Records:
    """One row per model and coefficient; shown-scale columns are empty where a coefficient has no meaning there."""
    rows: Records = []
    for model in models:
        for index, record in enumerate(model.table("coefficients")):
            row: Record = {"model": model.name, "term": record["term"]}
            row |= on_both_scales(record, SCALED, measure, mean=record["term"] == INTERCEPT)
            row |= {key: number(record[key]) for key in KEPT}
            row |= {"dist": record["dist"], "interval": record["interval"]}
            rows.append(row | {"source": model.source("coefficients", index)})
    return rows
