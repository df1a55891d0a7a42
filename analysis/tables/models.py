"""All models of an analysis side by side, one row each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from analysis.tables.records import FIRST_LINE, INTERCEPT, ModelResults, Record, Records, Value, number, shown
from analysis.vocabulary import FIXED_METHODS, MIN_K_PER_MODERATOR, PREDICTION_INTERVALS

FIT_NUMBERS: Final = (
    *("tau2", "se_tau2", "i2", "h2", "qe", "qe_df", "qe_pval", "qm", "qm_df", "qm_pval", "r2"),
    *("loglik", "aic", "bic", "aicc"),
)
# Between the notes of a model, which stand in one cell.
NOTE_END: Final = " | "
LIMITS: Final = ("ci_lb", "ci_ub", "pi_lb", "pi_ub")


def build_models_table(models: Sequence[ModelResults], measure: str) -> Records:
    """One row per model: what was fitted, what came out, and whether it may be trusted.

    The columns `estimate ... pi_ub` are filled for models without moderators only: with them there is no single mean.
    """
    return [build_model_row(model, measure) for model in models]


def build_model_row(model: ModelResults, measure: str) -> Record:
    """Everything one model says about the mean, its heterogeneity and its fit, on the shown and on its own scale."""
    fit = model.fit
    row: Record = {"model": model.name, "measure": measure}
    row |= {
        key: fit["model"].get(key)
        for key in ("engine", "structure", "robust", "method", "test", "mods", "weights", "tau2_interval")
    }
    row |= {"k": fit["k"], "n_studies": fit["n_studies"], "n_total": total_sample_size(model.table("studies"))}
    row |= {"p": fit["p"], "level": float(fit["level"])}
    row |= _mean_effect(model, measure)
    row |= {key: number(_total(fit.get(key))) for key in FIT_NUMBERS}
    row["tau"] = None if row["tau2"] is None else math.sqrt(float(row["tau2"]))
    row |= _heterogeneity_limits(model)
    row |= {key: bool(fit["convergence"][key]) for key in ("converged", "at_boundary")}
    row |= {"status": status(model), "notes": NOTE_END.join(fit.get("notes") or ()) or None, "source": _sources(model)}
    return row


def total_sample_size(studies: Sequence[Mapping[str, Value]]) -> float | None:
    """Add up sample sizes, each study counted once with the largest of its effects; None where one is not known."""
    largest: dict[Value, float] = {}
    for record in studies:
        size = number(record["ni"])
        if size is None:
            return None
        largest[record["study_id"]] = max(size, largest.get(record["study_id"], 0.0))
    return sum(largest.values()) if largest else None


def status(model: ModelResults) -> str:
    """Say `not converged`, `caution` (a note, few studies, dependent effects, a sparse cell) or `ok`."""
    if not model.fit["convergence"]["converged"]:
        return "not converged"
    sparse = any(cell["sparse"] for cell in model.table("cells"))
    few = model.fit["n_studies"] < MIN_K_PER_MODERATOR * max(1, model.fit["p"] - 1)
    dependent = takes_as_independent(model.fit["model"]) and model.fit["k"] > model.fit["n_studies"]
    return "caution" if model.fit.get("notes") or sparse or few or dependent else "ok"


def takes_as_independent(row: Mapping[str, Any]) -> bool:
    """The model treats several effects of one study as if they came from several."""
    return row.get("structure") in (None, "independent") and row.get("robust") is None


def _total(value: Any) -> Any:
    """I2 of a model with several levels is a share for each, and their total."""
    return value["total"] if isinstance(value, Mapping) else value


def _mean_effect(model: ModelResults, measure: str) -> Record:
    coefficients = model.table("coefficients")
    is_mean = len(coefficients) == 1 and coefficients[0]["term"] == INTERCEPT
    mean: Mapping[str, Value] = coefficients[0] if is_mean else {}
    row: Record = {"estimate": shown(mean.get("estimate"), measure)}
    row |= {"ci_lb": shown(mean.get("ci_lb"), measure), "ci_ub": shown(mean.get("ci_ub"), measure)}
    row |= _prediction_limits(model, measure)
    row |= {f"{key}_model_scale": number(mean.get(key)) for key in ("estimate", "ci_lb", "ci_ub")}
    row |= {key: number(mean.get(key)) for key in ("se", "stat", "ddf", "pval")}
    row |= {"dist": mean.get("dist"), "interval": mean.get("interval")}
    return row


def _prediction_limits(model: ModelResults, measure: str) -> Record:
    """Return the limits the model's row asked for as `pi_*`, and each kind by its name."""
    # An equal-effects model knows one true value: there is no new one to predict.
    fit: Mapping[str, Any] = {} if model.fit["model"]["method"] in FIXED_METHODS else model.fit
    row: Record = {key: shown(fit.get(key), measure) for key in ("pi_lb", "pi_ub")}
    row["pi_kind"] = fit.get("pi_kind") if row["pi_lb"] is not None else None
    means = {record["interval"]: record for record in model.table("predictions") if fit and record["kind"] == "mean"}
    for kind in PREDICTION_INTERVALS:
        limits: Mapping[str, Value] = means.get(kind, {})
        row |= {f"pi_{kind}_{side}": shown(limits.get(f"pi_{side}"), measure) for side in ("lb", "ub")}
    return row


def _heterogeneity_limits(model: ModelResults) -> Record:
    by_quantity = {record["quantity"]: record for record in model.table("heterogeneity")}
    return {
        f"{quantity}_{limit}": number(by_quantity.get(quantity, {}).get(limit))
        for quantity in ("tau2", "tau", "i2", "h2")
        for limit in ("ci_lb", "ci_ub")
    }


def _sources(model: ModelResults) -> str:
    lines = [f"{model.name}/fit.json", model.source("coefficients", 0)]
    count = len(model.table("heterogeneity"))
    if count:
        lines.append(f"{model.name}/heterogeneity.csv:{FIRST_LINE}-{FIRST_LINE + count - 1}")
    return "; ".join(lines)
