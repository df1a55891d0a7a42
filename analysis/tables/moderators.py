"""What the moderators do: joint tests, cells of an interaction, simple slopes, subgroups, collinearity."""

from collections.abc import Sequence
from typing import Final

from analysis.tables.records import ModelResults, Record, Records, number, on_both_scales, stacked

SLOPE_SCALED: Final = ("estimate", "ci_lb", "ci_ub")
SUBGROUP_SCALED: Final = ("estimate", "ci_lb", "ci_ub", "pi_lb", "pi_ub")


def build_tests_table(models: Sequence[ModelResults]) -> Records:
    """One row per model and joint test."""
    return stacked(models, "tests")


def build_cells_table(models: Sequence[ModelResults]) -> Records:
    """One row per model and cell: how many studies an interaction or a factor rests on."""
    return stacked(models, "cells")


def build_collinearity_table(models: Sequence[ModelResults]) -> Records:
    """One row per model and term: variance inflation."""
    return stacked(models, "collinearity")


def build_heterogeneity_table(models: Sequence[ModelResults]) -> Records:
    """One row per model and quantity (tau2, tau, I2, H2, Q), with its interval."""
    return stacked(models, "heterogeneity")


def build_slopes_table(models: Sequence[ModelResults], measure: str) -> Records:
    """One row per model and simple slope or marginal mean; a slope is shown only where a difference can be."""
    rows: Records = []
    for model in models:
        for index, record in enumerate(model.table("slopes")):
            row: Record = {"model": model.name, "kind": record["kind"]}
            row |= {"moderator": record["moderator"], "at": record["at"]}
            row |= on_both_scales(record, SLOPE_SCALED, measure, mean=record["kind"] == "mean")
            row |= {key: number(record[key]) for key in ("se", "stat", "ddf", "pval", "level")}
            rows.append(row | {"dist": record["dist"], "source": model.source("slopes", index)})
    return rows


def build_subgroups_table(models: Sequence[ModelResults], measure: str) -> Records:
    """One row per model and level of a factor: the random-effects model within it."""
    rows: Records = []
    for model in models:
        for index, record in enumerate(model.table("subgroups")):
            row: Record = {"model": model.name, "moderator": record["moderator"], "label": record["label"]}
            row |= {"k": record["k"], "n_studies": record["n_studies"]}
            row |= on_both_scales(record, SUBGROUP_SCALED, measure)
            row |= {key: number(record[key]) for key in ("se", "tau2", "i2", "qe", "qe_pval", "level")}
            rows.append(row | {"source": model.source("subgroups", index)})
    return rows
