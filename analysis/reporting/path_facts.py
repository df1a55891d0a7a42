"""What may be said of a path model: the stated rules, each a comparison of numbers that stand in a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.reporting.display import Row, Shown, Value
from analysis.reporting.facts import is_clear
from analysis.reporting.path_words import with_article


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One effect: its row, whether its simulated interval leaves zero out, and under which other choices that changes.

    `about` words what it starts from.
    """

    row: Row
    about: str
    clear: bool
    changed: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFacts:
    """What the answer of a path model says; `through` and `outcome` are None where the ways differ.

    `direct` are the arrows beside an indirect way, `others` all further ones; `rejected` says whether the test
    of the simpler model is below one minus the level, None where there is none.
    """

    level: Shown
    through: str | None
    outcome: str | None
    indirect: Sequence[Said]
    direct: Sequence[Said]
    others: Sequence[Said]
    pooling: Row | None
    heterogeneous: bool | None
    widest: Row | None
    narrowest: Row | None
    fewest: Row | None
    simpler: Row | None
    rejected: bool | None

    @property
    def fragile(self) -> list[Said]:
        """Effects of the answer that another choice would judge otherwise."""
        return [said for said in (*self.indirect, *self.direct) if said.changed]


def path_facts(
    records: Mapping[str, Sequence[Mapping[str, Value]]], shown: Mapping[str, Sequence[Row]], words: Mapping[str, str]
) -> PathFacts:
    """Apply the rules to the tables of a path model and to their shown rows."""
    pairs = list(zip(records["effects"], shown["effects"], strict=True))
    said = [(record, _said(record, row, records, shown, words)) for record, row in pairs]
    indirect = [(record, one) for record, one in said if record["kind"] == "indirect"]
    ends = {_ends(record) for record, _ in indirect}
    arrows = [(record, one) for record, one in said if record["kind"] == "direct"]
    ways = [str(record["effect"]).split(" -> ") for record, _ in indirect]
    middles, targets = {tuple(way[1:-1]) for way in ways}, {way[-1] for way in ways}
    through = next(iter(middles)) if len(middles) == 1 else ()
    pooling = next(iter(shown["pooling"]), None)
    level = shown["effects"][0]["level"]
    spread = sorted(shown["correlations"], key=lambda row: float(row["sd"].value or 0))
    simpler = next((row for row in shown["fit"] if row["model"].value == "simpler"), None)
    return PathFacts(
        level=level,
        through=with_article(words[through[0]]) if len(through) == 1 and len(targets) == 1 else None,
        outcome=words[next(iter(targets))] if len(targets) == 1 else None,
        indirect=[one for _, one in indirect],
        direct=[one for record, one in arrows if _ends(record) in ends],
        others=[one for record, one in arrows if _ends(record) not in ends],
        pooling=pooling,
        heterogeneous=None if pooling is None else is_clear(pooling["qe_pval"].value, level.value),
        widest=spread[-1] if spread else None,
        narrowest=spread[0] if spread else None,
        fewest=min(shown["correlations"], key=lambda row: float(row["k"].value or 0), default=None),
        simpler=simpler,
        rejected=None if simpler is None else is_clear(simpler["pval"].value, level.value),
    )


def _ends(record: Mapping[str, Value]) -> tuple[Value, Value, Value]:
    return (record["group"], record["source"], record["outcome"])


def _said(
    record: Mapping[str, Value],
    row: Row,
    records: Mapping[str, Sequence[Mapping[str, Value]]],
    shown: Mapping[str, Sequence[Row]],
    words: Mapping[str, str],
) -> Said:
    lower, upper = float(record["monte_carlo_lb"] or 0), float(record["monte_carlo_ub"] or 0)
    changed: list[Any] = [
        cells
        for other, cells in zip(records["sensitivity"], shown["sensitivity"], strict=True)
        if other["changes"] and all(other[key] == record[key] for key in ("group", "effect"))
    ]
    about = words[str(record["source"])]
    return Said(row=row, about=about, clear=not lower <= 0 <= upper, changed=changed)
