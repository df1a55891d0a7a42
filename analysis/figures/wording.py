"""Phrases that several figures share: what is pooled, how heterogeneous it is, which prediction interval is drawn."""

import math

from analysis.figures.axis import SHORT_NAMES
from analysis.figures.records import Record, Records, number, word
from analysis.formatting import (
    MINUS,
    format_df,
    format_effect,
    format_interval,
    format_number,
    format_p,
    format_percent,
)
from analysis.vocabulary import FIXED_METHODS, HUNTER_SCHMIDT, POSTERIOR, PREDICTION_INTERVALS

PREDICTION_KINDS = {
    **PREDICTION_INTERVALS,
    "t": "t with the df of the mean",
    POSTERIOR: "from the posterior predictive distribution",
}

I_SQUARED = "I\u00b2"
TAU_SQUARED = "\N{GREEK SMALL LETTER TAU}\u00b2"
EN_DASH = "\u2013"
NO_BREAK = "\u00a0"


def level_text(level: float) -> str:
    """Word a level in per cent: `95%`."""
    return f"{level:g}%"


def model_name(method: str | None) -> str:
    """Name the model behind a pooled mean."""
    if method is None:
        return "Pooled effect"
    if method == HUNTER_SCHMIDT:
        return f"Mean weighted by sample size (Hunter{EN_DASH}Schmidt)"
    return f"Equal-effects model ({method})" if method in FIXED_METHODS else f"Random-effects model ({method})"


def has_prediction(mean: Record) -> bool:
    """Tell whether a row of predictions has prediction limits."""
    return math.isfinite(number(mean, "pi_lb")) and math.isfinite(number(mean, "pi_ub"))


def pooled_text(mean: Record, measure: str) -> str:
    """Word a pooled mean with its confidence interval: `r = .27, 95% CI [.18, .36]`."""
    interval = format_interval(number(mean, "ci_lb"), number(mean, "ci_ub"), measure)
    effect = format_effect(number(mean, "pred"), measure)
    return f"{SHORT_NAMES[measure]} = {effect}, {level_text(number(mean, 'level'))} CI {interval}"


def prediction_kind(mean: Record) -> str:
    """Say which of the things called a prediction interval a row holds: `t with k - p df and ...`, typeset."""
    kind = PREDICTION_KINDS[word(mean, "interval")].replace("Knapp-Hartung", f"Knapp{EN_DASH}Hartung")
    return kind.replace(" - ", f"{NO_BREAK}{MINUS}{NO_BREAK}")


def interval_name(mean: Record) -> str:
    """Name the interval of a mean: a posterior has credible ones."""
    return "credible interval" if word(mean, "interval") == POSTERIOR else "confidence interval"


def prediction_text(mean: Record) -> str:
    """Name the prediction interval of a row and its kind, as a note under a figure."""
    return f"{level_text(number(mean, 'level'))} prediction interval: {prediction_kind(mean)}"


def heterogeneity_text(heterogeneity: Records) -> str:
    """Word Q with its test, I2 and tau2, each where the table has it."""
    rows = {word(row, "quantity"): row for row in heterogeneity if math.isfinite(number(row, "estimate"))}
    parts = []
    if "qe" in rows:
        parts.append(_q_text(number(rows["qe"], "estimate"), number(rows["qe"], "df"), number(rows["qe"], "pval")))
    if "i2" in rows:
        parts.append(f"{I_SQUARED} = {format_percent(number(rows['i2'], 'estimate'))}")
    if "tau2" in rows:
        method = word(rows["tau2"], "method").split("/")[0]
        parts.append(f"{TAU_SQUARED} = {format_number(number(rows['tau2'], 'estimate'), 3)} ({method})")
    return ", ".join(parts)


def subgroup_text(subgroup: Record) -> str:
    """Word the heterogeneity within one subgroup; empty for a single study."""
    if not number(subgroup, "k") > 1:
        return ""
    parts = []
    if math.isfinite(number(subgroup, "qe")):
        parts.append(_q_text(number(subgroup, "qe"), number(subgroup, "k") - 1, number(subgroup, "qe_pval")))
    if math.isfinite(number(subgroup, "i2")):
        parts.append(f"{I_SQUARED} = {format_percent(number(subgroup, 'i2'))}")
    if math.isfinite(number(subgroup, "tau2")):
        parts.append(f"{TAU_SQUARED} = {format_number(number(subgroup, 'tau2'), 3)}")
    return ", ".join(parts)


def _q_text(statistic: float, df: float, pval: float) -> str:
    return f"Q({format_df(df)}) = {format_number(statistic)}, {format_p(pval)}"
