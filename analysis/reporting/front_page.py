"""The first page: every analysis with its headline result and status."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reporting.display import Value, show_rows
from analysis.reporting.facts import mean_facts, moderator_facts
from analysis.reporting.page import Tables, render


def build_front_context(entries: Sequence[tuple[Mapping[str, Any], Tables]]) -> dict[str, Any]:
    """Return what the template of the first page may use.

    Parameters
    ----------
    entries : for each analysis, in the order to be listed, its row and its tables `headline`, `models`, `tests`,
        `cells` and `slopes`.
    """
    listed = [_entry(analysis, tables) for analysis, tables in entries]
    return {
        "published": [entry for entry in listed if not entry["synthetic"]],
        "simulated": [entry for entry in listed if entry["synthetic"]],
    }


def render_front_page(entries: Sequence[tuple[Mapping[str, Any], Tables]], environment: Any) -> str:
    """Return the first page as HTML."""
    return render(environment, "index.html.j2", build_front_context(entries))


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
