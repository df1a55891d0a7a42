"""What several effects of one study do to a result: components, other assumptions, what contrasts rest on."""

from collections.abc import Sequence
from typing import Final

from analysis.tables.records import INTERCEPT, ModelResults, Record, Records, number, on_both_scales, stacked

SCALED: Final = ("estimate", "ci_lb", "ci_ub")


def build_dependence_tables(models: Sequence[ModelResults], measure: str) -> dict[str, Records]:
    """Return the tables of variance components, of other assumed correlations, and of the honesty panel."""
    # A Bayesian model says these things by its posterior and has none of these tables.
    tables = {name: stacked(models, name) for name in ("components", "support", "power")}
    return {**tables, "sweep": _build_sweep(models, measure)}


def _build_sweep(models: Sequence[ModelResults], measure: str) -> Records:
    rows: Records = []
    for model in models:
        for index, record in enumerate(model.table("sweep")):
            row: Record = {"model": model.name, "structure": record["structure"], "rho": number(record["rho"])}
            row |= {"term": record["term"]}
            row |= on_both_scales(record, SCALED, measure, mean=record["term"] == INTERCEPT)
            row |= {key: number(record[key]) for key in ("se", "ddf", "pval", "tau2", "level")}
            rows.append(row | {"source": model.source("sweep", index)})
    return rows
