"""Attachment -> alliance -> outcome from published results: which claims are read, and in which ways.

Nothing is typed here: numbers come from the claims of `data/levy2011_claims`, `notsu2024_claims`, `diener2011_claims`
and `fluckiger2018_claims`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from analysis.errors import ClaimError
from analysis.path_models.mediation import Options
from analysis.path_models.published import (
    PublishedCorrelation,
    from_d_credibility,
    from_d_limits,
    from_d_size,
    from_limits,
    from_p,
)

type Claims = Sequence[Mapping[str, Any]]

DIMENSIONS: Final = ("security", "anxiety", "avoidance")
# How much smaller a p value may be than the bound that is printed, for the sensitivity of a bounded p.
BELOW_BOUND: Final = (0.1, 0.01)
# Half of the last decimal of a p value printed with two.
HALF_DIGIT: Final = 0.005


def read_options(claims: Claims, dimension: str) -> tuple[Options, Options, Options]:
    """Readings of attachment-alliance, alliance-outcome and attachment-outcome, the base first in each.

    Parameters
    ----------
    claims : records of claims.csv, of all four publications
    dimension : {"security", "anxiety", "avoidance"}

    Raises
    ------
    ClaimError
        An unknown dimension, or a claim that is not there.
    """
    if dimension not in DIMENSIONS:
        raise ClaimError(f"dimension {dimension!r} is not among {', '.join(DIMENSIONS)}. Choose one of them.")
    return _alliance(claims, dimension), _outcome(claims), _attachment_outcome(claims, dimension)


def _alliance(claims: Claims, dimension: str) -> Options:
    """Diener & Monroe (2011) for security, with limits; Notsu et al. (2024) else, with a p value."""
    if dimension == "security":
        found = _one(claims, "attachment security -> alliance")
        source, r = found["source"], float(found["estimate"])
        return (from_limits(dimension, "alliance", r, float(found["ci_lb"]), float(found["ci_ub"]), source=source),)
    found = _one(claims, f"attachment {dimension} -> client-rated alliance")
    printed, source, r = str(found["p"]), found["source"], float(found["estimate"])
    bounded, p = printed.startswith("<"), float(printed.lstrip("<= "))
    # A bound is read at its edge, which gives the largest standard error that it allows; a rounded p at both edges.
    others = [(p * share, f"printed {printed}; below the bound") for share in BELOW_BOUND]
    if not bounded:
        others = [
            (p - HALF_DIGIT, f"printed {printed}; lower edge"),
            (p + HALF_DIGIT, f"printed {printed}; upper edge"),
        ]
    readings = [(p, f"printed {printed}" + ("; at the bound" if bounded else "")), *others]
    return tuple(from_p(dimension, "alliance", r, value, about=about, source=source) for value, about in readings)


def _outcome(claims: Claims) -> Options:
    found = _one(claims, "alliance -> outcome (face to face)")
    r, lower, upper = (float(found[key]) for key in ("estimate", "ci_lb", "ci_ub"))
    return (from_limits("alliance", "outcome", r, lower, upper, source=found["source"]),)


def _attachment_outcome(claims: Claims, dimension: str) -> Options:
    """Levy et al. (2011): d with an 80 % credibility interval; k of effects, other readings, the interval's middle."""
    found = _one(claims, f"attachment {dimension} -> outcome")
    d, lower, upper, n = (float(found[key]) for key in ("estimate", "cr_lb", "cr_ub", "n_total"))
    names, source = (dimension, "outcome"), found["source"]
    studies, effects = int(found["n_studies"]), int(found["k"])
    middle = 0.5 * (lower + upper)

    def credible(value: float, k: int) -> PublishedCorrelation:
        return from_d_credibility(*names, value, lower, upper, k=k, n_total=n, source=source)

    options = [
        credible(d, studies),
        credible(d, effects),
        from_d_limits(*names, d, lower, upper, level=80.0, source=source),
        from_d_limits(*names, d, lower, upper, level=95.0, source=source),
        from_d_size(*names, d, n, source=source),
    ]
    return (*options, _renamed(credible(middle, studies), "the middle of the interval in place of the printed mean"))


def _renamed(one: PublishedCorrelation, more: str) -> PublishedCorrelation:
    return replace(one, reading=f"{one.reading}; {more}")


def _one(claims: Claims, relation: str) -> dict[str, Any]:
    """Printed numbers about one relation by quantity, correlations and d apart from any other metric, and the paper."""
    rows = [row for row in claims if row["relation"] == relation]
    if not rows:
        raise ClaimError(f"no claim about {relation!r}. Give the claims of all four publications.")
    found: dict[str, Any] = {"source": rows[0]["paper"]}
    for row in rows:
        # Later rows repeat a result in another metric.
        found.setdefault(row["quantity"], row["printed"])
    return found
