"""The first page: every analysis with its headline result and status."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.formatting import format_count
from analysis.reporting.display import FIRST_LINE, Shown, Value, show_rows
from analysis.reporting.facts import mean_facts, moderator_facts
from analysis.reporting.page import Tables, render
from analysis.reporting.paths import Records, path_entry
from analysis.reporting.svg import inline_svg
from analysis.rows import PathRow


def build_front_context(
    entries: Sequence[tuple[Mapping[str, Any], Tables]],
    corpus: Sequence[Mapping[str, Value]] = (),
    paths: Sequence[tuple[PathRow, Records]] = (),
    found: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what the template of the first page may use.

    Parameters
    ----------
    entries : for each analysis, in the order to be listed, its row and its tables `headline`, `models`, `tests`,
        `cells` and `slopes`.
    corpus : counts of verdicts of the corpus, schema `results/corpus_verdicts`; empty where it was not run.
    paths : for each path model its row and its tables.
    found : the figure of what was found as SVG, `alt`, `caption` and `summary`; None where it was not drawn.
    """
    listed = [_entry(analysis, tables) for analysis, tables in entries]
    return {
        "published": [entry for entry in listed if not entry["synthetic"]],
        "simulated": [entry for entry in listed if entry["synthetic"]],
        "corpus": corpus_counts(corpus),
        "paths": [path_entry(row, tables) for row, tables in paths],
        "found": None if found is None else {**found, "figure": inline_svg(found["figure"], "found", found["alt"])},
    }


def render_front_page(
    entries: Sequence[tuple[Mapping[str, Any], Tables]],
    environment: Any,
    corpus: Sequence[Mapping[str, Value]] = (),
    paths: Sequence[tuple[PathRow, Records]] = (),
    found: Mapping[str, str] | None = None,
) -> str:
    """Return the first page as HTML."""
    return render(environment, "index.html.j2", build_front_context(entries, corpus, paths, found))


def _entry(analysis: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    shown = {name: show_rows(name, records, analysis["measure"]) for name, records in tables.items()}
    record: Mapping[str, Value] = tables["headline"][0]
    return {
        "analysis": analysis,
        "measure": analysis["measure"],
        "synthetic": bool(record["synthetic"]),
        "headline": shown["headline"][0],
        "facts": mean_facts(record),
        "moderated": None if record["mods"] is None else moderator_facts(str(record["model"]), shown, record),
    }


def corpus_counts(verdicts: Sequence[Mapping[str, Value]]) -> dict[str, dict[str, Shown]]:
    """Return counts of meta-analyses by version of the effects and verdict, and in `all`; nothing for no records."""
    counts: dict[str, dict[str, Shown]] = {}
    for line, row in enumerate(verdicts, start=FIRST_LINE):
        count = int(row["meta_analyses"] or 0)
        shown = locate(format_count(count), count, "verdicts", line, "meta_analyses")
        counts.setdefault(str(row["effects"]), {})[str(row["verdict"])] = shown
    for shown_by_verdict in counts.values():
        total = sum(int(shown.value or 0) for shown in shown_by_verdict.values())
        shown_by_verdict["all"] = locate(format_count(total), total, "verdicts", FIRST_LINE, "meta_analyses")
    return counts


def locate(text: str, value: Value, table: str, line: int, column: str) -> Shown:
    """Return a number as it is worded, with the place in a table of results that it is from."""
    return Shown(text, text, value, f"{table}.csv:{line}:{column}")
