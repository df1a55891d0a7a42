"""Published numbers beside the recomputed ones; whether they agree is for somebody else to say."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from analysis.tables.records import FIRST_LINE, Record, Records, Value, number

# Quantity of a claim -> the column of `models` that holds ours.
QUANTITIES: Final[dict[str, str]] = {
    **{name: name for name in ("estimate", "ci_lb", "ci_ub", "pi_lb", "pi_ub", "se", "stat", "tau2")},
    **{name: name for name in ("k", "n_studies", "n_total")},
    **{"p": "pval", "Q": "qe", "df": "qe_df", "I2": "i2"},
}
ON_A_SCALE: Final = frozenset({"estimate", "ci_lb", "ci_ub", "pi_lb", "pi_ub"})
# Metric of a claim -> the measures that are shown on this scale, and those that are analysed on it.
SHOWN_AS: Final[dict[str, tuple[str, ...]]] = {
    "r": ("ZCOR", "COR", "UCOR"),
    "g": ("SMD", "SMDH", "SMCC", "SMCR"),
    "d": ("SMD", "SMDH", "SMCC", "SMCR"),
    "OR": ("OR",),
    "RR": ("RR",),
}
ANALYSED_AS: Final[dict[str, tuple[str, ...]]] = {"z": ("ZCOR",)}
KEPT: Final = ("claim_id", "paper", "doi", "where", "quantity", "metric", "relation", "model", "note")
PLAIN_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def build_published_table(
    claims: Sequence[Mapping[str, Value]], models: Sequence[Mapping[str, Value]], headline: str, dataset: str
) -> Records:
    """One row per claim: the number as printed, ours, and the difference where both are plain numbers.

    Parameters
    ----------
    claims : rows of the dataset's claims.csv.
    models : rows of `build_models_table`.
    headline : name of the headline model.
    dataset : name of the dataset, for the column `source`.

    Returns
    -------
    records
        `ours` comes from the model the claim names; where it names none, from the headline model, or from the first one
        without moderators when the headline has some. It is empty where this analysis does not fit the model named, and
        where the number was printed in a metric that the analysis neither uses nor shows.
    """
    by_name = {row["model"]: row for row in models}
    plain = [row for row in (by_name[headline], *models) if row["mods"] is None]
    unnamed = plain[0] if plain else by_name[headline]
    return [
        _beside(
            claim,
            unnamed if claim["model"] is None else by_name.get(claim["model"], {}),
            f"data/{dataset}/claims.csv:{index + FIRST_LINE}",
        )
        for index, claim in enumerate(claims)
    ]


def _beside(claim: Mapping[str, Value], model: Mapping[str, Value], source: str) -> Record:
    column = _our_column(claim, model["measure"]) if model else None
    ours = number(model[column]) if column else None
    printed = str(claim["printed"])
    value = float(printed) if PLAIN_NUMBER.fullmatch(printed) else None
    row: Record = {key: claim[key] for key in KEPT}
    row |= {"printed": printed, "printed_value": value, "ours": ours, "our_column": column}
    row["our_model"] = None if ours is None else model["model"]
    row["difference"] = None if ours is None or value is None else ours - value
    row["source"] = source if ours is None else f"{source}; {model['source']}"
    return row


def _our_column(claim: Mapping[str, Value], measure: Value) -> str | None:
    column = QUANTITIES.get(str(claim["quantity"]))
    metric = str(claim["metric"])
    if column not in ON_A_SCALE or measure in SHOWN_AS.get(metric, ()):
        return column
    on_model_scale = measure in ANALYSED_AS.get(metric, ()) and column in ("estimate", "ci_lb", "ci_ub")
    return f"{column}_model_scale" if on_model_scale else None
