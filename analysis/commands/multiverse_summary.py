"""The summary that `multiverse` prints."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from analysis.formatting import format_count, format_number, format_p, format_percent

DIGITS: Final = 3
# Flips that are printed; JSON has them all.
MAX_FLIPS: Final = 8
WORDS: Final = {"positive": "above no effect", "negative": "below no effect", "open": "holding no effect"}


def summarise(document: Mapping[str, Any]) -> str:
    """Lay a multiverse out as text."""
    tables = document["tables"]
    lines = [f"{format_count(len(tables['multiverse']))} specifications", ""]
    for key, options in document["options"].items():
        lines.append(f"{key:<11}{', '.join(options)}")
    for summary in tables["multiverse_summary"]:
        lines += ["", *_estimand(summary, tables, document["level"])]
    lines += ["", *_reference(document), ""]
    return "\n".join([*lines, *_notes(document)]).rstrip()


def _estimand(summary: Mapping[str, Any], tables: Mapping[str, Any], level: float) -> Iterator[str]:
    name, failed = summary["estimand"], summary["failed"]
    unfitted = f", {failed} of them cannot be fitted" if failed else ""
    yield f"{name}: {format_count(summary['n'])} specification{'s' if summary['n'] != 1 else ''}{unfitted}"
    if summary["median"] is None:
        return
    low, high, least, most = (_n(summary[key]) for key in ("low", "high", "smallest", "largest"))
    yield f"  estimates           median {_n(summary['median'])}, half between {low} and {high}, all {least} to {most}"
    zero = f"no effect ({summary['no_effect']:g})"
    yield f"  sign                {_share(summary['positive'])} above {zero}, {_share(summary['negative'])} below"
    above, below = summary["clear_positive"], summary["clear_negative"]
    rest = _share(max(1.0 - above - below, 0.0))
    yield f"  {f'{level:g}% intervals':<20}{_share(above)} above it, {_share(below)} below, {rest} hold it"
    shares = [row for row in tables["multiverse_shares"] if row["estimand"] == name]
    ordered = sorted(shares, key=lambda row: (row["options"] == 0, -row["share"]))
    parts = ", ".join(f"{row['choice']} {_share(row['share'])}" for row in ordered)
    yield f"  variance by choice  {parts or 'none: all estimates agree'}"
    yield from (_test(row) for row in tables["multiverse_test"] if row["estimand"] == name)


def _test(row: Mapping[str, Any]) -> str:
    kind = "all" if row["exact"] else "random"
    return (
        f"  joint test          median z {_n(row['median'])}, {format_p(row['median_pval'])}; share of intervals "
        f"{format_p(row['clear_pval'])}; Stouffer {format_p(row['stouffer_pval'])} "
        f"({format_count(row['draws'])} {kind} signs of studies)"
    )


def _reference(document: Mapping[str, Any]) -> Iterator[str]:
    reference = document["reference"]
    if reference is None:
        return
    taken = ", ".join(f"{key} {reference[key]}" for key in document["options"] if key in reference)
    limits = f"{_n(reference['estimate'])} [{_n(reference['ci_lb'])}, {_n(reference['ci_ub'])}]"
    yield f"Reference: {taken}, k = {reference['k']}"
    yield f"  {limits}, {WORDS.get(reference['conclusion'], 'cannot be fitted')}"
    if reference["conclusion"] == "failed":
        return
    flips: dict[int, list[Mapping[str, Any]]] = {}
    for row in document["tables"]["multiverse_flips"]:
        flips.setdefault(row["spec"], []).append(row)
    if not flips:
        yield "No specification of the same estimand concludes otherwise."
        return
    yield "Smallest change that does:"
    yield from _flips(list(flips.values()))


def _flips(flips: Sequence[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for rows in flips[:MAX_FLIPS]:
        changes = " and ".join(f"{row['choice']} {row['from']} to {row['to']}" for row in rows)
        yield f"  {changes}: interval {WORDS[rows[0]['conclusion']]}"
    if len(flips) > MAX_FLIPS:
        yield f"  and {len(flips) - MAX_FLIPS} more with as few changes"


def _notes(document: Mapping[str, Any]) -> list[str]:
    tables = document["tables"]
    rows = [*tables["multiverse_summary"], *tables["multiverse_test"]]
    said = [sentence for row in rows for sentence in str(row["reasons"] or "").split(" | ") if sentence]
    return list(dict.fromkeys((*document["notes"], *said)))


def _n(value: float | None) -> str:
    return format_number(value, DIGITS)


def _share(value: float | None) -> str:
    return format_percent(None if value is None else 100.0 * value, 0)
