"""Apply the row of a path model to published correlations, and lay out its tables."""

from typing import Any, Final

from analysis.path_models.attachment import Claims, read_options
from analysis.path_models.mediation import (
    Mediation,
    Options,
    assumption_records,
    input_records,
    sensitivity_records,
    simulate_mediation,
)
from analysis.rows import PublishedPathRow

type Records = list[dict[str, Any]]

MEDIATOR: Final = "alliance"
OUTCOME: Final = "outcome"
TABLES: Final = ("paths", "effects", "inputs", "assumptions", "sensitivity")


def published_tables(claims: Claims, row: PublishedPathRow) -> dict[str, Records]:
    """Simulate a mediation for every dimension and return every table by its name.

    Raises
    ------
    ClaimError
        A claim that is not there, or that no number follows from.
    ModelError
        Published correlations that no three variables can have.
    """
    found: dict[str, Records] = {name: [] for name in ("correlations", "pooling", "fit", *TABLES)}
    for dimension in row.dimensions:
        options = read_options(claims, dimension)
        mediation = _simulate(options, row)
        found["paths"] += _path_records(mediation, dimension, row.level)
        found["effects"] += _effect_records(mediation, dimension, row.level)
        found["inputs"] += [_about(one, dimension, mediation, i) for i, one in enumerate(input_records(mediation))]
        found["assumptions"] += [{"group": dimension, **one} for one in assumption_records(mediation)]
        found["sensitivity"] += _sensitivity(options, dimension, row)
    return {**found, "assumptions": _once(found["assumptions"])}


def _simulate(options: tuple[Options, Options, Options], row: PublishedPathRow) -> Mediation:
    base = (options[0][0], options[1][0], options[2][0])
    return simulate_mediation(base, seed=row.seed, draws=row.draws, error_correlation=row.error_correlations[0])


def _chain(effect: str, dimension: str) -> dict[str, Any]:
    """What an effect of `mediation.EFFECTS` is among direct, indirect and total ones."""
    source, outcome = {"a": (dimension, MEDIATOR), "b": (MEDIATOR, OUTCOME)}.get(effect, (dimension, OUTCOME))
    kind = effect if effect in ("indirect", "total") else "direct"
    joiner = {"indirect": f" -> {MEDIATOR} -> ", "total": " => "}.get(kind, " -> ")
    return {"kind": kind, "source": source, "outcome": outcome, "effect": f"{source}{joiner}{outcome}"}


def _effect_records(mediation: Mediation, dimension: str, level: float) -> Records:
    empty = dict.fromkeys(("delta_lb", "delta_ub", "profile_lb", "profile_ub"))
    return [
        {
            **{"group": dimension, **_chain(one["effect"], dimension), "estimate": one["estimate"], "se": one["se"]},
            **{**empty, "monte_carlo_lb": one["ci_lb"], "monte_carlo_ub": one["ci_ub"]},
            **{"p_positive": one["p_positive"], "level": level},
        }
        for one in mediation.records(level=level)
    ]


def _path_records(mediation: Mediation, dimension: str, level: float) -> Records:
    """The three arrows, with the limits of their draws."""
    numbers = ("estimate", "se", "ci_lb", "ci_ub")
    arrows = [
        (_chain(one["effect"], dimension), one)
        for one in mediation.records(level=level)
        if one["effect"] in ("a", "b", "direct")
    ]
    return [
        {
            **{"group": dimension, "kind": "path", "source": about["source"], "outcome": about["outcome"]},
            **{"stat": None, "pval": None, "level": level, **{key: one[key] for key in numbers}},
        }
        for about, one in arrows
    ]


def _about(one: dict[str, Any], dimension: str, mediation: Mediation, position: int) -> dict[str, Any]:
    published = mediation.inputs[position]
    numbers = {key: one[key] for key in ("estimate", "z", "se", "source", "reading", "assumed", "variance_share")}
    return {"group": dimension, "first": published.first, "second": published.second, **numbers}


def _sensitivity(options: tuple[Options, Options, Options], dimension: str, row: PublishedPathRow) -> Records:
    found = sensitivity_records(
        options, seed=row.seed, error_correlations=row.error_correlations, draws=row.draws, level=row.level
    )
    return [
        {"group": dimension, **one, **{key: _chain(one["effect"], dimension)[key] for key in ("kind", "effect")}}
        | {"share_pd": one["share_pd"] if one["share_pd"] < 1 else None, "level": row.level}
        for one in found
    ]


def _once(assumptions: Records) -> Records:
    """What is assumed of every group stands once, without a group."""
    groups = {one["group"] for one in assumptions}
    said: dict[tuple[str, str], list[str]] = {}
    for one in assumptions:
        said.setdefault((one["assumption"], one["statement"]), []).append(one["group"])
    shared = [
        {"group": None if len(about) == len(groups) else ", ".join(about), "assumption": name, "statement": statement}
        for (name, statement), about in said.items()
    ]
    return sorted(shared, key=lambda one: one["group"] is not None)
