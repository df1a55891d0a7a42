"""Predicted means, with each kind of prediction interval under its own name."""

from collections.abc import Sequence
from typing import Final

from analysis.tables.records import ModelResults, Record, Records, number, on_both_scales

SCALED: Final = ("pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")
# A curve is a grid for a figure, not something to read row by row.
READABLE: Final = ("mean", "level")


def build_predictions_table(models: Sequence[ModelResults], measure: str) -> Records:
    """One row per model and predicted mean or level of a factor, one kind of prediction interval each."""
    rows: Records = []
    for model in models:
        for index, record in enumerate(model.table("predictions")):
            if record["kind"] not in READABLE:
                continue
            row: Record = {"model": model.name}
            row |= {key: record[key] for key in ("kind", "moderator", "label", "by", "by_label", "interval")}
            row |= on_both_scales(record, SCALED, measure)
            row |= {key: number(record[key]) for key in ("se", "level")}
            rows.append(row | {"source": model.source("predictions", index)})
    return rows
