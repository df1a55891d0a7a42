"""What the figures of a review show, in words: a caption, and their counts for those who do not see them."""

from collections.abc import Iterator

from analysis.figures.records import Record, Records, number, word
from analysis.formatting import format_count
from analysis.vocabulary import OVERALL

ROUTES = {"databases": "databases and registers", "other": "other methods"}


def describe_prisma(flow: Records) -> dict[str, str]:
    """Return title, caption and alternative text of a flow diagram; argument as for `plot_prisma`."""
    alt = "Flow diagram of the review. " + " ".join(_steps(flow))
    return {
        "title": "PRISMA 2020 flow diagram",
        "caption": "How studies were identified, screened and included, in the layout of the PRISMA 2020 statement.",
        "alt": alt,
    }


def _steps(flow: Records) -> Iterator[str]:
    counts = {
        (word(row, "route"), word(row, "step")): format_count(number(row, "n"))
        for row in flow
        if row["kind"] is None and row["detail"] is None
    }
    for route, found in ROUTES.items():
        if (route, "identified") not in counts:
            continue
        own = {step: count for (where, step), count in counts.items() if where == route}
        text = f"Of {own['identified']} records from {found}, "
        if "screened" in own:
            text += f"{own['removed']} were removed before screening, {own['screened']} were screened and "
            text += f"{own['excluded']} excluded; "
        text += f"{own['sought']} reports were sought, {own['not_retrieved']} were not retrieved, {own['assessed']} "
        yield f"{text}were assessed for eligibility and {own['excluded_reports']} excluded{_reasons(flow, route)}."
    yield f"Included: {_included(counts, 'included')}."
    if ("total", "studies") in counts:
        yield f"With the previous version of the review: {_included(counts, 'total')}."


def _included(counts: dict[tuple[str, str], str], route: str) -> str:
    studies, reports = (counts[route, step] for step in ("studies", "reports"))
    one, single = "study" if studies == "1" else "studies", "report" if reports == "1" else "reports"
    return f"{studies} {one} in {reports} {single}"


def _reasons(flow: Records, route: str) -> str:
    reasons = [
        f"{word(row, 'detail')} ({format_count(number(row, 'n'))})"
        for row in flow
        if row["route"] == route and row["step"] == "excluded_reports" and row["detail"] is not None
    ]
    return f": {'; '.join(reasons)}" if reasons else ""


def describe_risk_of_bias(judgements: Records, summary: Records, sheet: int, sheets: int) -> dict[str, str]:
    """Return title, caption and alternative text of one sheet of traffic lights."""
    studies = list(dict.fromkeys(word(row, "slab") for row in judgements))
    tool, part = word(summary[0], "tool"), f", sheet {sheet} of {sheets}" if sheets > 1 else ""
    count = len({word(row, "study_id") for row in judgements})
    alt = f"Risk of bias ({tool}) of {count} {'study' if count == 1 else 'studies'}"
    alt += f", from {studies[0]} to {studies[-1]}" if len(studies) > 1 else f", {studies[0]}"
    alt += f"{part}. {_by_level(judgements)} Every judgement stands in the table of judgements."
    caption = f"Judgements by {tool}; signs and colours mean the same. A dashed circle marks what was not judged."
    return {"title": f"Risk of bias by study{part}", "caption": caption, "alt": alt}


def _by_level(judgements: Records) -> str:
    """Count the judgements of every level: of the overall ones where there are any."""
    overall = [row for row in judgements if row["domain"] == OVERALL]
    counted: dict[str, int] = {}
    for row in overall or judgements:
        level = word(row, "level") or "not judged"
        counted[level] = counted.get(level, 0) + 1
    what = "Overall judgements" if overall else "Judgements of all domains"
    return f"{what}: {', '.join(f'{level} {count}' for level, count in counted.items())}."


def describe_risk_summary(summary: Records) -> dict[str, str]:
    """Return title, caption and alternative text of the bars by domain."""
    weighted = all(row["weight"] is not None for row in summary)
    domains = dict.fromkeys(word(row, "domain") for row in summary)
    parts = [_domain([row for row in summary if row["domain"] == domain]) for domain in domains]
    caption = "Share of the studies at each level of risk, by domain"
    caption += "; the lower bars share out their weight in the headline model." if weighted else "."
    return {
        "title": "Risk of bias by domain",
        "caption": caption,
        "alt": f"Bars of the risk of bias ({word(summary[0], 'tool')}) by domain. {' '.join(parts)}",
    }


def _domain(rows: list[Record]) -> str:
    total = format_count(number(rows[0], "total"))
    levels = [
        f"{word(row, 'level') or 'not judged'} {format_count(number(row, 'count'))}"
        for row in rows
        if number(row, "count") > 0
    ]
    return f"{word(rows[0], 'name')}: {', '.join(levels)} of {total} studies."
