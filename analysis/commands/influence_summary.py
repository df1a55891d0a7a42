"""The summary that `influence` prints: what is flagged, how far the estimate moves, what flips the conclusion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.formatting import format_number, format_p

DIGITS = 4
# Names that one line lists.
MOST_NAMED = 8

type Row = Mapping[str, Any]


def summarise(document: Mapping[str, Any]) -> str:
    """Lay the tables of influence out as text."""
    model, tables = document["model"], document["tables"]
    moderated = model["mods"] is not None
    head = (
        f"Influence on the model of {model['name']} (k = {model['k']}, studies: {model['n_studies']}; "
        f"method: {model['method']}; test: {model['test']})"
    )
    lines = [head, "", *(_coefficient(row) for row in model["coefficients"])]
    for title, rows in _sets(tables):
        lines += ["", title, *_deletions(rows, moderated)]
    lines += _flagged(tables["influence"])
    lines += _cumulative(tables["cumulative"])
    lines += _gosh(tables["gosh"], tables["gosh_clusters"])
    return "\n".join([*lines, *(["", *document["notes"]] if document["notes"] else [])])


def _coefficient(row: Row) -> str:
    return f"{row['term']}: {_n(row['estimate'])} {_limits(row)}, {format_p(row['pval'])}"


def _sets(tables: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, list[Row]]]:
    if tables["influence"]:
        yield "Without one effect", list(tables["influence"])
    if tables["influence_clusters"]:
        yield "Without one study, all its effects", list(tables["influence_clusters"])


def _deletions(rows: Sequence[Row], moderated: bool) -> list[str]:
    known = [row for row in rows if row["estimate"] is not None]
    if not known:
        return ["  nothing can be said"]
    lines = [] if moderated else [_range(known)]
    flips = [row for row in known if row["flips"]]
    lines += [f"  conclusion changes without {_named(row)}: {_coefficient(row)}" for row in flips[:MOST_NAMED]]
    if len(flips) > MOST_NAMED:
        lines.append(f"  and without {len(flips) - MOST_NAMED} more")
    if not flips:
        lines.append(
            "  no conclusion changes" if all(row["flips"] is not None for row in rows) else "  no other changes"
        )
    if moderated:
        farthest = max(known, key=lambda row: abs(row["dfbetas"] or 0.0))
        lines.append(f"  moves most without {_named(farthest)}: {_coefficient(farthest)}")
    return lines


def _range(rows: Sequence[Row]) -> str:
    low, high = (pick(rows, key=lambda row: row["estimate"]) for pick in (min, max))
    return (
        f"  estimate from {_n(low['estimate'])} (without {_named(low)}) to {_n(high['estimate'])} "
        f"(without {_named(high)})"
    )


def _named(row: Row) -> str:
    return str(row["slab"] if "slab" in row else row["study_id"])


def _flagged(rows: Sequence[Row]) -> list[str]:
    flagged = [row for row in rows if row["is_infl"]]
    if not any(row["is_infl"] is not None for row in rows):
        return []
    lines = ["", f"Influential by the rules of Viechtbauer and Cheung (2010): {len(flagged) or 'none'}"]
    names = ("rstudent", "dffits", "cook_d", "hat", "dfbetas")
    return lines + [
        f"  {_named(row)}: " + ", ".join(f"{name} {_n(row[name])}" for name in names if row[name] is not None)
        for row in flagged
    ]


def _cumulative(rows: Sequence[Row]) -> list[str]:
    known = [row for row in rows if row["ci_lb"] is not None]
    if not known:
        return []
    by = known[0]["order_by"]
    settled = known[-1]
    for row in reversed(known):
        if _side(row) != _side(known[-1]):
            break
        settled = row
    word = "holds" if _side(known[-1]) == 0 else "excludes"
    place = f"step {settled['step']} of {rows[-1]['step']} ({settled['slab']})"
    return ["", f"Added by {by}: the interval {word} zero from {place} on"]


def _side(row: Row) -> int:
    return int(row["ci_lb"] > 0.0) - int(row["ci_ub"] < 0.0)


def _gosh(points: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    if not points or not rows:
        return []
    clusters: dict[int, list[Row]] = {}
    for row in rows:
        clusters.setdefault(row["cluster"], []).append(row)
    number = sum(own[0]["size"] for own in clusters.values())
    lines = ["", f"GOSH: {number:,} subsets in {len(clusters)} cluster{'s' if len(clusters) != 1 else ''}"]
    for one, own in clusters.items():
        head = own[0]
        line = f"  {one}: {head['size']:,} subsets, estimate {_n(head['estimate'])}, i2 {_n(head['i2'])}"
        lines.append(line + _drivers(own))
    return lines


def _drivers(rows: Sequence[Row]) -> str:
    driving = [row for row in rows if row["drives"]]
    with_it = [_named(row) for row in driving if row["share_inside"] > row["share_outside"]]
    without = [_named(row) for row in driving if row["share_inside"] < row["share_outside"]]
    parts = [
        f"{word} {', '.join(names[:MOST_NAMED])}" for word, names in (("with", with_it), ("without", without)) if names
    ]
    return f"; mostly {' and '.join(parts)}" if parts else ""


def _limits(row: Row) -> str:
    return f"[{_n(row['ci_lb'])}, {_n(row['ci_ub'])}]"


def _n(value: float | None) -> str:
    return format_number(value, DIGITS)
