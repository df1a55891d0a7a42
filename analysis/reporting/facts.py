"""What may be said of a result: the stated rules, each a comparison of numbers that stand in a table.

The templates word these facts; neither computes. `null` is where there is no association: zero, or one for ratios.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.reporting.display import Row, Value
from analysis.tables.models import takes_as_independent
from analysis.vocabulary import (
    BACK_TRANSFORMS,
    FIXED_METHODS,
    HUNTER_SCHMIDT,
    MIN_K_FUNNEL_ASYMMETRY,
    MIN_K_PER_CELL,
    MIN_K_PER_MODERATOR,
)

# What the tables call all moderators of a model together.
ALL: Final = "all"
# Tables of the panel on what an interaction rests on.
PANEL: Final = ("cells", "support", "power")
# A proportion has no value that means "no association".
WITHOUT_NULL: Final = ("PLO",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanFacts:
    """Rules about one model's mean and heterogeneity; None where a rule does not apply."""

    kind: str
    has_mean: bool
    null: str | None
    includes_null: bool | None
    pi_includes_null: bool | None
    sign: str | None
    few_studies: bool
    few_for_funnel: bool
    dependent: bool
    no_spread: bool
    heterogeneity_clear: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorFacts:
    """A model with moderators: its row and everything its paragraph needs, sparse cells first."""

    model: Row
    facts: MeanFacts
    sparse: Sequence[Row]
    smallest: Row | None
    omnibus: Row | None
    omnibus_clear: bool | None
    focal: tuple[Row, bool] | None
    terms: Sequence[tuple[Row, bool]]
    joint_tests: Sequence[Row]
    slopes: Sequence[tuple[Row, bool]]
    has_interaction: bool
    too_few: bool


def mean_facts(row: Mapping[str, Value]) -> MeanFacts:
    """Apply the rules to one row of the table `models` or `headline`."""
    measure = str(row["measure"])
    null = null_shown(measure)
    ratio = null == 1.0
    estimate = row["estimate"]
    return MeanFacts(
        kind=_kind(row),
        has_mean=estimate is not None,
        null=None if null is None else "one" if ratio else "zero",
        includes_null=_within(null, row["ci_lb"], row["ci_ub"]),
        pi_includes_null=_within(null, row["pi_lb"], row["pi_ub"]),
        sign=None if estimate is None or null is None else "positive" if float(estimate) > null else "negative",
        few_studies=float(row["n_studies"] or 0) < MIN_K_PER_MODERATOR,
        few_for_funnel=float(row["n_studies"] or 0) < MIN_K_FUNNEL_ASYMMETRY,
        dependent=takes_as_independent(row) and float(row["k"] or 0) > float(row["n_studies"] or 0),
        no_spread=row["tau2"] == 0,
        heterogeneity_clear=is_clear(row["qe_pval"], row["level"]),
    )


def null_shown(measure: str) -> float | None:
    """Return no effect on the shown scale: zero, or one for ratios; None for a proportion, which has none."""
    if measure in WITHOUT_NULL:
        return None
    return 1.0 if BACK_TRANSFORMS.get(measure) == "exp" else 0.0


def moderator_facts(model: str, shown: Mapping[str, Sequence[Row]], row: Mapping[str, Value]) -> ModeratorFacts:
    """Gather what the paragraph on one model with moderators says, from its rows in the shown tables."""
    own = {
        name: [line for line in rows if "model" in line and line["model"].value == model]
        for name, rows in shown.items()
    }
    level = row["level"]
    sparse = [cell for cell in own["cells"] if cell["sparse"].value == "yes"]
    tests = own["tests"]
    omnibus = next((test for test in tests if test["test"].value == "omnibus"), None)
    terms = [(test, bool(is_clear(test["pval"].value, level))) for test in tests if test["test"].value == "term"]
    interactions = [pair for pair in terms if ":" in str(pair[0]["term"].value)]
    count = float(row["p"] or 1) - 1
    return ModeratorFacts(
        model=own["models"][0],
        facts=mean_facts(row),
        sparse=sparse,
        smallest=min(own["cells"], key=lambda cell: float(cell["n_studies"].value or 0), default=None),
        omnibus=omnibus,
        omnibus_clear=None if omnibus is None else is_clear(omnibus["pval"].value, level),
        focal=_focal(omnibus, terms, interactions, level),
        terms=terms,
        # Permutation tests of single coefficients stand in the table.
        joint_tests=[
            test for test in tests if test["test"].value not in ("omnibus", "term") and test["term"].value == ALL
        ],
        slopes=[(slope, bool(is_clear(slope["pval"].value, level))) for slope in own["slopes"]],
        has_interaction=bool(interactions),
        too_few=float(row["n_studies"] or 0) < MIN_K_PER_MODERATOR * max(count, 1),
    )


def caution_reasons(row: Mapping[str, Value], cells: Sequence[Mapping[str, Value]]) -> list[str]:
    """Name what should make a reader of one model cautious: words that the page spells out."""
    facts = mean_facts(row)
    reasons = {
        "not_converged": not row["converged"],
        "few_studies": facts.few_studies,
        "few_per_moderator": float(row["n_studies"] or 0) < MIN_K_PER_MODERATOR * (float(row["p"] or 1) - 1),
        "sparse": any(cell["sparse"] for cell in cells if cell["model"] == row["model"]),
        "dependent": facts.dependent,
    }
    return [name for name, holds in reasons.items() if holds]


@dataclass(frozen=True, slots=True, kw_only=True)
class HonestyFacts:
    """What the interactions of one model rest on; None or empty where nothing is known of it.

    `ecological` are moderators of which next to nothing varies within studies; `weakest` and `strongest` are the
    contrasts with the least and the most power.
    """

    model: Row
    smallest: Row | None
    sparse: Sequence[Row]
    ecological: Sequence[Row]
    weakest: Row | None
    strongest: Row | None


def honesty_facts(shown: Mapping[str, Sequence[Row]], models: Sequence[str]) -> list[HonestyFacts]:
    """Gather, for every model with an interaction, what stands in the panel that comes before any p value."""
    found = []
    for row in shown["models"]:
        own = {name: [line for line in shown[name] if line["model"].value == row["model"].value] for name in PANEL}
        cells = [cell for cell in own["cells"] if ":" in str(cell["term"].value)]
        if row["model"].value not in models or not (cells or own["power"]):
            continue
        powers = [line for line in own["power"] if not line["power"].missing]
        powers.sort(key=lambda line: float(line["power"].value or 0))
        found.append(
            HonestyFacts(
                model=row,
                smallest=min(cells, key=lambda cell: float(cell["n_studies"].value or 0), default=None),
                sparse=[cell for cell in cells if cell["sparse"].value == "yes"],
                ecological=[line for line in own["support"] if line["ecological"].value == "yes"],
                weakest=powers[0] if powers else None,
                strongest=powers[-1] if powers else None,
            )
        )
    return found


type Tested = tuple[Row, bool]


def _focal(omnibus: Row | None, terms: Sequence[Tested], interactions: Sequence[Tested], level: Value) -> Tested | None:
    """Return the test the question hangs on: the last interaction, else the only term, else all moderators together."""
    if interactions:
        return interactions[-1]
    if len(terms) == 1:
        return terms[0]
    return None if omnibus is None else (omnibus, bool(is_clear(omnibus["pval"].value, level)))


def is_clear(pval: Value, level: Value) -> bool | None:
    """Say whether a p value is below one minus the level; None where there is none."""
    if pval is None or level is None:
        return None
    return float(pval) < 1 - float(level) / 100


def thresholds() -> dict[str, Any]:
    """Return the named thresholds a page mentions."""
    return {"per_moderator": MIN_K_PER_MODERATOR, "per_cell": MIN_K_PER_CELL, "funnel": MIN_K_FUNNEL_ASYMMETRY}


def _kind(row: Mapping[str, Value]) -> str:
    if row["method"] in FIXED_METHODS:
        return "equal"
    return "hunter_schmidt" if row["method"] == HUNTER_SCHMIDT else "random"


def _within(null: float | None, lb: Value, ub: Value) -> bool | None:
    if null is None or lb is None or ub is None:
        return None
    return float(lb) <= null <= float(ub)
