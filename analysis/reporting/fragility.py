"""What may be said of how fragile a result is: stated rules, each a comparison of numbers that stand in a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.reporting.display import Row

# Tables behind the section; it stands where any of them has rows.
TABLES: Final = (
    *("influence", "influence_clusters", "cumulative", "gosh_clusters", "bias_estimates", "bias_tests"),
    *("multiverse_summary", "multiverse_shares", "multiverse_flips", "multiverse_test"),
)
KINDS: Final = ("leave_one_out", "adjusted", "gosh", "specifications")
REMAINDER: Final = "interactions"


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluenceFacts:
    """One effect left out at a time: how many, which flip the conclusion or are flagged, the ends, the heaviest."""

    k: int
    flips: Sequence[Row]
    flagged: Sequence[Row]
    lowest: Row | None
    highest: Row | None
    heaviest: Row | None
    moderated: bool
    cluster_flips: Sequence[Row]
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasFacts:
    """Adjusted estimates beside the headline's mean: how many there are, which keep its side of no effect."""

    unadjusted: Row
    adjusted: int
    same: int
    open: int
    opposite: int
    doubtful: int
    lowest: Row | None
    highest: Row | None
    tests: int
    clear_tests: Sequence[Row]
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiverseFacts:
    """Specifications of one estimand, what their estimates hang on, and how little turns the conclusion."""

    summary: Row
    largest: Row | None
    flips: Sequence[Row]
    changed: int
    joint: Row | None


def fragility_facts(shown: Mapping[str, Sequence[Row]], *, null: float | None, level: float) -> dict[str, Any]:
    """Apply the rules; None or empty where a part was not asked for or could not be done.

    Parameters
    ----------
    shown : rows of the tables of the page.
    null : no effect on the shown scale; None where there is none, and then nothing is said of sides.
    level : per cent.
    """
    return {
        "influence": _influence(shown),
        "bias": _bias(shown, null, level),
        "multiverse": _multiverse(shown),
        "any": any(shown[name] for name in TABLES),
    }


def _influence(shown: Mapping[str, Sequence[Row]]) -> InfluenceFacts | None:
    rows = shown["influence"]
    moderated = any(not row["term"].missing and row["term"].value != "intrcpt" for row in rows)
    found = [row for row in rows if not row["estimate"].missing]
    weighed = [row for row in rows if not row["cook_d"].missing]
    if not rows:
        return None
    return InfluenceFacts(
        k=len(rows),
        flips=_said(rows, "flips"),
        flagged=_said(rows, "is_infl"),
        lowest=None if moderated else min(found, key=_estimate, default=None),
        highest=None if moderated else max(found, key=_estimate, default=None),
        heaviest=max(weighed, key=lambda row: float(row["cook_d"].value or 0.0), default=None),
        moderated=moderated,
        cluster_flips=_said(shown["influence_clusters"], "flips"),
        clusters=len(shown["influence_clusters"]),
    )


def _said(rows: Sequence[Row], column: str) -> list[Row]:
    return [row for row in rows if row[column].value == "yes"]


def _estimate(row: Row) -> float:
    return float(row["estimate"].value or 0.0)


def _bias(shown: Mapping[str, Sequence[Row]], null: float | None, level: float) -> BiasFacts | None:
    rows = shown["bias_estimates"]
    if not rows or null is None or rows[0]["estimate"].missing:
        return None
    sides = [_side(row, null) for row in rows]
    others = [(row, side) for row, side in zip(rows[1:], sides[1:], strict=True) if side is not None]
    tests = [row for row in shown["bias_tests"] if not row["pval"].missing]
    found = [row for row in rows[1:] if not row["estimate"].missing]
    return BiasFacts(
        unadjusted=rows[0],
        adjusted=len(others),
        same=sum(side == sides[0] for _, side in others),
        open=sum(side == "open" for _, side in others),
        opposite=sum(side not in ("open", sides[0]) for _, side in others),
        doubtful=sum(row["caution"].value == "yes" for row, _ in others),
        lowest=min(found, key=_estimate, default=None),
        highest=max(found, key=_estimate, default=None),
        tests=len(tests),
        clear_tests=[row for row in tests if float(row["pval"].value or 0.0) < 1 - level / 100],
        side=str(sides[0]),
    )


def _side(row: Row, null: float) -> str | None:
    lb, ub = row["ci_lb"].value, row["ci_ub"].value
    if lb is None or ub is None:
        return None
    return "above" if float(lb) > null else "below" if float(ub) < null else "open"


def _multiverse(shown: Mapping[str, Sequence[Row]]) -> list[MultiverseFacts]:
    found = []
    for index, summary in enumerate(shown["multiverse_summary"]):
        name = summary["estimand"].value
        shares = [row for row in shown["multiverse_shares"] if row["estimand"].value == name]
        named = [row for row in shares if row["choice"].value != REMAINDER]
        # The reference specification belongs to one estimand alone: the first.
        flips = shown["multiverse_flips"] if index == 0 else []
        first = flips[0]["spec"].value if flips else None
        found.append(
            MultiverseFacts(
                summary=summary,
                largest=max(named, key=lambda row: float(row["share"].value or 0.0), default=None),
                flips=[row for row in flips if row["spec"].value == first],
                changed=len({row["spec"].value for row in flips}),
                joint=next((row for row in shown["multiverse_test"] if row["estimand"].value == name), None),
            )
        )
    return found
