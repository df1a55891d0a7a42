"""Every effect as a reader sees it, and every row that was left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from analysis.tables.records import FIRST_LINE, ModelResults, Record, Records, Value, number, on_both_scales, shown
from analysis.vocabulary import BAYESIAN_ENGINES

LIMITS: Final = ("ci_lb", "ci_ub")


def build_studies_table(model: ModelResults, measure: str, dataset: str) -> Records:
    """One row per effect of the headline model, with the line of the dataset it came from.

    `effect, ci_lb, ci_ub` are on the shown scale; `weight` is in per cent; `row` is the line in the dataset's
    effects.csv.
    """
    rows: Records = []
    for index, record in enumerate(model.table("studies")):
        row: Record = {key: record[key] for key in ("slab", "study_id", "effect_id")}
        row |= {"ni": number(record["ni"]), "effect": shown(record["yi"], measure)}
        row |= on_both_scales(record, LIMITS, measure) | {"fitted": shown(record["fitted"], measure)}
        row |= {"weight": number(record["weight"]), "effect_model_scale": number(record["yi"])}
        row |= {key: number(record[key]) for key in ("sei", "resid")}
        line = record["row"]
        rows.append(
            row | {"row": line, "source": f"{model.source('studies', index)}; data/{dataset}/effects.csv:{line}"}
        )
    return rows


def build_pooled_studies_table(models: Sequence[ModelResults], headline: str, measure: str, dataset: str) -> Records:
    """Return the effects behind the mean where the headline has moderators and so no mean; else nothing.

    The columns of `build_studies_table`, after the name of the model: the first frequentist one without moderators.
    """
    own = next(model for model in models if model.name == headline)
    plain = [model for model in (own, *models) if _has_mean(model)]
    if not plain or plain[0] is own:
        return []
    return [{"model": plain[0].name, **row} for row in build_studies_table(plain[0], measure, dataset)]


def _has_mean(model: ModelResults) -> bool:
    row = model.fit["model"]
    return row["engine"] not in BAYESIAN_ENGINES and row["mods"] is None


def build_excluded_table(
    excluded: Sequence[Mapping[str, Value]], models: Sequence[ModelResults], dataset: str
) -> Records:
    """One row per line of the dataset that did not enter: the analysis (`model` empty), or one of its models."""
    left_out: list[tuple[str | None, str, Mapping[str, Value]]] = [
        (None, f"excluded.csv:{index + FIRST_LINE}", record) for index, record in enumerate(excluded)
    ]
    left_out += [
        (model.name, model.source("excluded", index), record)
        for model in models
        for index, record in enumerate(model.table("excluded"))
    ]
    return [
        {"model": name, **record, "source": f"{source}; data/{dataset}/effects.csv:{record['row']}"}
        for name, source, record in left_out
    ]


def build_exclusions_table(excluded: Sequence[Mapping[str, Value]]) -> Records:
    """One row per step and reason of `build_excluded_table`: how many lines were left out there, in the order met."""
    counts = Counter((record["model"], record["step"], record["reason"]) for record in excluded)
    return [
        {"model": model, "step": step, "reason": reason, "count": count, "source": "tables/excluded.csv"}
        for (model, step, reason), count in counts.items()
    ]
