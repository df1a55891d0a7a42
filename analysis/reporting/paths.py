"""The page of a path model: its tables, diagrams, datasets and provenance become one dict, and templates word it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.formatting import format_bounded, format_count, format_df
from analysis.reporting.bibtex import Work
from analysis.reporting.display import Row, Value, prose
from analysis.reporting.display_tables import DisplayTable, build_display_table
from analysis.reporting.origins import folder_origins
from analysis.reporting.page import Medium, render
from analysis.reporting.path_facts import PathFacts, path_facts
from analysis.reporting.path_numbers import show_path_rows
from analysis.reporting.path_words import group_words, per_cent, sentence_case, variable_words
from analysis.reporting.references import Citations, link_doi
from analysis.reporting.svg import inline_svg
from analysis.rows import CorrelationPathRow, PathRow

type Records = Mapping[str, Sequence[Mapping[str, Value]]]

# In the order of the page.
REPORTED: Final = ("effects", "paths", "correlations", "fit", "sensitivity")
# The paths of a mediation are its direct effects.
PRINTED: Final = ("effects", "inputs", "sensitivity")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathInputs:
    """Everything the page is made from; `datasets` are the dataset.json files, in the order of the row."""

    row: PathRow
    datasets: Sequence[Mapping[str, Any]]
    tables: Records
    figures: Sequence[Mapping[str, Any]]
    drawings: Mapping[str, str]
    provenance: Mapping[str, Any]
    words: Mapping[str, Any]
    works: Mapping[str, Work]


def render_path_page(inputs: PathInputs, environment: Any, medium: Medium = "screen") -> str:
    """Return the page as HTML; ConfigError when the template uses what is not there."""
    return render(environment, "paths.html.j2", build_path_context(inputs, medium))


def build_path_context(inputs: PathInputs, medium: Medium = "screen") -> dict[str, Any]:
    """Return what the template may use; every number in it is a `Shown` that knows where it stands."""
    row, citations = inputs.row, Citations(inputs.works)
    words = variable_words(row)
    shown = show_tables(inputs.tables, words, inputs.words["choices"])
    return {
        "medium": medium,
        "row": row,
        "reported": isinstance(row, CorrelationPathRow),
        "words": words,
        "facts": path_facts(inputs.tables, shown, words),
        "datasets": inputs.datasets,
        "assumptions": _assumptions(inputs.tables["assumptions"], words),
        "excluded": shown["excluded"],
        "tables": _display_tables(inputs, shown),
        "figures": _figures(inputs, medium),
        "draws": format_count(row.draws),
        "model": inputs.tables["fit"][0]["paths"] if inputs.tables["fit"] else "",
        "rho": None if isinstance(row, CorrelationPathRow) else _correlated(row.error_correlations[0]),
        "provenance": inputs.provenance,
        "origins": folder_origins(f"results/paths/{row.name}", _data_files(inputs.provenance), {}),
        "prose": prose,
        "doi": link_doi,
        "cite": citations.cite,
        "narrative": citations.narrative,
        "cite_dataset": citations.dataset,
        "references": citations.references,
    }


def _data_files(provenance: Mapping[str, Any]) -> list[str]:
    """Return the tables of data among the files a page was made from."""
    return sorted(path for path in provenance["digests"]["files"] if path.startswith("data/") and path.endswith(".csv"))


def show_tables(tables: Records, words: Mapping[str, str], choices: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return the shown rows of every table by its name."""
    return {name: show_path_rows(name, records, words, choices) for name, records in tables.items()}


def path_entry(row: PathRow, tables: Records) -> tuple[PathRow, PathFacts]:
    """Return what the first page says of a path model."""
    words = variable_words(row)
    return row, path_facts(tables, show_tables(tables, words, {}), words)


def _correlated(rho: float) -> str | None:
    return None if rho == 0 else format_bounded(rho)


def _assumptions(
    records: Sequence[Mapping[str, Value]], words: Mapping[str, str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return names and statements, by what they are about: first those of every variable."""
    found: dict[str, list[tuple[str, str]]] = {}
    for record in records:
        groups = [] if record["group"] is None else str(record["group"]).split(", ")
        about = sentence_case(", ".join(group_words(group) for group in groups))
        name = " \u2013 ".join(words.get(part, part) for part in str(record["assumption"]).split(" - "))
        found.setdefault(about, []).append((sentence_case(name), sentence_case(per_cent(str(record["statement"])))))
    return list(found.items())


def _display_tables(inputs: PathInputs, shown: Mapping[str, Sequence[Row]]) -> list[DisplayTable]:
    names = REPORTED if isinstance(inputs.row, CorrelationPathRow) else PRINTED
    fill = {"level": format_df(inputs.row.level)}
    return [build_display_table(name, shown[name], inputs.words["tables"][name], fill) for name in names if shown[name]]


def _figures(inputs: PathInputs, medium: Medium) -> list[dict[str, Any]]:
    if medium == "paper":
        return [dict(figure) for figure in inputs.figures]
    return [
        {**figure, "svg": inline_svg(inputs.drawings[figure["file"]], f"figure-{number}", figure["alt"])}
        for number, figure in enumerate(inputs.figures, start=1)
    ]
