"""The counts of a PRISMA 2020 flow diagram: which sums do not come out, and the totals that a diagram shows.

References
----------
.. [1] Page, McKenzie, Bossuyt et al. (2021), The PRISMA 2020 statement, BMJ 372, n71.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

REMOVED: Final = ("duplicates", "automation", "other")
COUNTS: Final = ("studies", "reports")


@dataclass(frozen=True, slots=True)
class FlowProblem:
    """A count that contradicts others: its keys, and what is wrong with it."""

    path: tuple[str, ...]
    what: str


def check_flow(flow: Mapping[str, Any]) -> Iterator[FlowProblem]:
    """Yield every count that is not what the counts before it leave."""
    databases, other = flow["databases"], flow.get("other")
    removed = sum(databases["removed"].get(key, 0) for key in REMOVED)
    found = _sum(databases["identified"])
    yield from _differs(
        ("databases", "screened"),
        databases["screened"],
        found - removed,
        f"{found} identified less {removed} removed before screening",
    )
    left = databases["screened"] - databases["excluded"]
    words = f"{databases['screened']} screened less {databases['excluded']} excluded"
    yield from _differs(("databases", "sought"), databases["sought"], left, words)
    yield from _retrieval("databases", databases)
    if other is not None:
        found = _sum(other["identified"])
        yield from _differs(("other", "sought"), other["sought"], found, f"{found} identified by other methods")
        yield from _retrieval("other", other)
    yield from _inclusion(flow)


def _retrieval(name: str, route: Mapping[str, Any]) -> Iterator[FlowProblem]:
    words = f"{route['sought']} sought less {route['not_retrieved']} not retrieved"
    yield from _differs((name, "assessed"), route["assessed"], route["sought"] - route["not_retrieved"], words)


def _inclusion(flow: Mapping[str, Any]) -> Iterator[FlowProblem]:
    routes = [flow[name] for name in ("databases", "other") if name in flow]
    assessed = sum(route["assessed"] for route in routes)
    excluded = sum(_sum(route["excluded_reports"]) for route in routes)
    words = f"{assessed} assessed less {excluded} excluded with a reason"
    yield from _differs(("included", "reports"), flow["included"]["reports"], assessed - excluded, words)
    if "total" in flow:
        previous = flow.get("previous", dict.fromkeys(COUNTS, 0))
        for key in COUNTS:
            new = flow["included"][key]
            words = f"{previous[key]} of the previous version and {new} new"
            yield from _differs(("total", key), flow["total"][key], previous[key] + new, words)


def _differs(path: tuple[str, ...], stated: int, expected: int, words: str) -> Iterator[FlowProblem]:
    if stated != expected:
        gap = abs(stated - expected)
        side = "more" if stated > expected else "fewer"
        name = ".".join(("flow", *path))
        yield FlowProblem(path, f"{name} is {stated}, but {words} leaves {expected}: {gap} {side}.")


def _sum(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(int(row["n"]) for row in rows)


def describe_flow(flow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the counts of a sound flow one below the other, as the diagram is read.

    Returns
    -------
    Records with `route` (previous, databases, other, included, total), `step`, `kind` and `detail` (a source or a
    reason; both None for the count of the whole step), `n`, and `key`, where in review.yaml the count stands; an empty
    key marks a sum.
    """
    rows = _counts(flow, "previous")
    rows += _identified("databases", flow["databases"])
    rows += _removed(flow["databases"]["removed"])
    rows += _steps("databases", flow["databases"], ("screened", "excluded", "sought", "not_retrieved", "assessed"))
    rows += _reasons("databases", flow["databases"])
    if "other" in flow:
        rows += _identified("other", flow["other"])
        rows += _steps("other", flow["other"], ("sought", "not_retrieved", "assessed"))
        rows += _reasons("other", flow["other"])
    rows += _counts(flow, "included")
    return rows + _totals(flow)


def _row(route: str, step: str, n: int, key: str, kind: str | None = None, detail: str | None = None) -> dict[str, Any]:
    return {"route": route, "step": step, "kind": kind, "detail": detail, "n": int(n), "key": key}


def _counts(flow: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [_row(name, key, flow[name][key], f"flow.{name}.{key}") for key in COUNTS] if name in flow else []


def _totals(flow: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "total" in flow or "previous" not in flow:
        return _counts(flow, "total")
    return [_row("total", key, flow["previous"][key] + flow["included"][key], "") for key in COUNTS]


def _identified(route: str, columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    sources = columns["identified"]
    kinds = [source.get("kind", "database") if route == "databases" else "method" for source in sources]
    rows = [_row(route, "identified", _sum(sources), "")]
    for kind in dict.fromkeys(sorted(kinds, key=("database", "register", "method").index)):
        own = [(i, source) for i, source in enumerate(sources) if kinds[i] == kind]
        if kind != "method":
            rows.append(_row(route, "identified", _sum([source for _, source in own]), "", kind))
        rows += [
            _row(route, "identified", source["n"], f"flow.{route}.identified.{i}.n", kind, source["source"])
            for i, source in own
        ]
    return rows


def _removed(removed: Mapping[str, int]) -> list[dict[str, Any]]:
    total = _row("databases", "removed", sum(removed.get(key, 0) for key in REMOVED), "")
    rows = [_row("databases", "removed", removed.get(key, 0), f"flow.databases.removed.{key}", key) for key in REMOVED]
    return [total, *rows]


def _steps(route: str, columns: Mapping[str, Any], steps: Sequence[str]) -> list[dict[str, Any]]:
    return [_row(route, step, columns[step], f"flow.{route}.{step}") for step in steps]


def _reasons(route: str, columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    reasons = columns["excluded_reports"]
    rows = [
        _row(route, "excluded_reports", reason["n"], f"flow.{route}.excluded_reports.{i}.n", "reason", reason["reason"])
        for i, reason in enumerate(reasons)
    ]
    return [_row(route, "excluded_reports", _sum(reasons), ""), *rows]
