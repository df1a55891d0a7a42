"""The page of one analysis: tables, figures, dataset and provenance become one dict, and templates word it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from analysis.errors import ConfigError
from analysis.formatting import format_df
from analysis.reporting.bayesian import bayesian_facts, bayesian_thresholds
from analysis.reporting.bibtex import Work
from analysis.reporting.display import Row, Value, locate_in_words, plain_name, prose, show_rows
from analysis.reporting.display_tables import DisplayTable, build_display_table
from analysis.reporting.facts import caution_reasons, honesty_facts, mean_facts, moderator_facts, null_shown, thresholds
from analysis.reporting.forest import Forest, build_forest
from analysis.reporting.forest_marks import VIEW
from analysis.reporting.fragility import KINDS, fragility_facts
from analysis.reporting.origins import origins
from analysis.reporting.references import Citations, link_doi
from analysis.reporting.review import SECTION, WORDED, review_facts, review_tables
from analysis.reporting.scripts import data_block, policy, read_scripts, tidy
from analysis.reporting.svg import inline_svg
from analysis.reporting.sweep import build_sweep
from analysis.tables.models import NOTE_END
from analysis.vocabulary import BAYESIAN_ENGINES

# The same templates fill both: a page that can be moved through, and the text that becomes PDF and Word.
type Medium = Literal["screen", "paper"]
type Tables = Mapping[str, Sequence[Mapping[str, Value]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything a page is made from: rows of the configuration, tables, figures, dataset, provenance, words.

    `ledgers` are tables that stand one folder above the others, `lines` those of the dataset that entered.
    """

    analysis: Mapping[str, Any]
    models: Sequence[Mapping[str, Any]]
    dataset: Mapping[str, Any]
    tables: Tables
    ledgers: Tables
    figures: Sequence[Mapping[str, Any]]
    drawings: Mapping[str, str]
    provenance: Mapping[str, Any]
    words: Mapping[str, Any]
    works: Mapping[str, Work]
    fragility_notes: Sequence[str] = ()
    lines: Sequence[int] = ()


def build_context(inputs: Inputs, medium: Medium = "screen") -> dict[str, Any]:
    """Return what the template of a page may use; every number in it is a `Shown` that knows where it stands."""
    measure = inputs.analysis["measure"]
    shown = {name: show_rows(name, records, measure) for name, records in inputs.tables.items()}
    shown |= {name: show_rows(f"../{name}", records, measure) for name, records in inputs.ledgers.items()}
    records = {row["model"]: row for row in inputs.tables["models"]}
    headline = inputs.analysis["headline"]
    numbered = {name: table for name, table in inputs.tables.items() if name not in WORDED}
    citations, figures = Citations(inputs.works), _figures(inputs, medium)
    bayesian = {row["name"]: row for row in inputs.models if row["engine"] in BAYESIAN_ENGINES}
    moderated = [name for name, row in records.items() if row["mods"] is not None and name not in bayesian]
    return {
        "medium": medium,
        "analysis": inputs.analysis,
        "dataset": inputs.dataset,
        "measure": measure,
        "words": inputs.words,
        "plain": plain_name,
        "prose": prose,
        "moderators": _moderators(inputs),
        "cite": citations.cite,
        "narrative": citations.narrative,
        "cite_dataset": citations.dataset,
        "references": citations.references,
        "doi": link_doi,
        "headline": shown["headline"][0],
        "facts": mean_facts(records[headline]),
        "moderated": [moderator_facts(str(name), shown, records[name]) for name in moderated],
        "honesty": honesty_facts(shown, [str(name) for name in moderated]),
        "fragility": fragility_facts(shown, null=null_shown(measure), level=float(inputs.analysis["level"])),
        "fragility_notes": inputs.fragility_notes,
        "robust_kinds": KINDS,
        "reasons": caution_reasons(records[headline], inputs.tables["cells"]),
        "headline_moderated": headline in moderated,
        "others": [
            (row, mean_facts(records[row["model"].value]))
            for row in shown["models"]
            if row["model"].value not in (headline, *bayesian) and not row["estimate"].missing
        ],
        "bayesian": [bayesian_facts(name, row, shown) for name, row in bayesian.items()],
        "comparison": shown["comparison"],
        "truths": shown["truths"],
        "beside": [name for name in inputs.analysis["models"] if name not in (headline, *bayesian)],
        "marks": bayesian_thresholds(),
        "unit": Markup(inputs.words["scales"][measure]["unit"]),
        "rows": {row["name"]: row for row in inputs.models},
        "thresholds": thresholds(),
        "cautions": _cautions(inputs.tables["models"], headline),
        "exclusions": shown["exclusions"],
        "ledger": shown["ledger"],
        "quantities": inputs.words["tables"]["ledger"]["columns"][0]["words"],
        "verdicts": {row["verdict"].value: row for row in shown["verdicts"]},
        "contradictions": [row for row in shown["consistency"] if row["consistent"].value == "no"],
        "conventions": shown["conventions"],
        "tables": {**_display_tables(inputs, shown), **review_tables(shown, inputs.words["review"])},
        "figures": [figure for figure in figures if figure.get("section") != SECTION],
        "review": review_facts(shown, [figure for figure in figures if figure.get("section") == SECTION]),
        "forest": _forest(inputs, shown) if medium == "screen" else None,
        "forest_view": VIEW,
        "sweep": build_sweep(inputs.models, shown) if medium == "screen" else [],
        "provenance": inputs.provenance,
        "row_text": row_text,
        "origins": origins(
            inputs.analysis,
            {**numbered, **{f"../{name}": records for name, records in inputs.ledgers.items()}},
            inputs.lines,
            [row["name"] for row in inputs.models],
        ),
    }


def render_page(inputs: Inputs, environment: Any, medium: Medium = "screen") -> str:
    """Return the page as HTML; ConfigError when a template uses what is not there."""
    return render(environment, "page.html.j2", build_context(inputs, medium))


def render(environment: Any, name: str, context: Mapping[str, Any]) -> str:
    """Fill one template; ConfigError names the template that asks for something that is not there."""
    from jinja2 import TemplateError

    try:
        text: str = environment.get_template(name).render(context)
    except TemplateError as error:
        raise ConfigError(f"reports/templates/{name}: {error}. Mend the template.") from error
    return tidy(text) + "\n"


def build_environment(templates: Mapping[str, str]) -> Any:
    """Return the template environment over the texts of `reports/templates`: everything escaped, nothing undefined."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader(dict(templates)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(scripts=read_scripts(templates), policy=policy, data_block=data_block)
    environment.globals.update(locate=locate_in_words)
    return environment


def row_text(row: Mapping[str, Any]) -> str:
    """Return a row of the configuration as YAML, its keys in their order."""
    import yaml

    return str(yaml.safe_dump(dict(row), sort_keys=False, allow_unicode=True, default_flow_style=None, width=100))


def _moderators(inputs: Inputs) -> list[Mapping[str, Any]]:
    """Return what the dataset says of the columns that the analysis describes, in the order of the analysis."""
    columns = {column["name"]: column for column in inputs.dataset["columns"]}
    return [columns[name] for name in inputs.analysis["moderators"] if name in columns]


def _cautions(models: Sequence[Mapping[str, Value]], headline: str) -> list[tuple[str, str]]:
    """Return every note of the models once, with the models it is about; the headline's own have no name before them.

    That the headline's effects are dependent is said on the page in its own words.
    """
    about: dict[str, list[str]] = {}
    for row in models:
        for note in str(row["notes"] or "").split(NOTE_END):
            if note:
                about.setdefault(note, []).append(str(row["model"]))
    own = next(row for row in models if row["model"] == headline)
    dependent = f"{own['k']} effects come from {own['n_studies']} studies"
    kept = {note: names for note, names in about.items() if not (headline in names and note.startswith(dependent))}
    return [("" if headline in names else ", ".join(map(plain_name, names)), note) for note, names in kept.items()]


def _display_tables(inputs: Inputs, shown: Mapping[str, Sequence[Row]]) -> dict[str, DisplayTable]:
    scale = inputs.words["scales"][inputs.analysis["measure"]]
    fill = {"level": format_df(inputs.analysis["level"]), **scale}
    tables = {}
    for name, words in inputs.words["tables"].items():
        rows = [row for row in shown[words.get("table", name)] if _belongs(row, words, inputs)]
        if rows:
            tables[name] = build_display_table(name, _once(rows, words), words, fill)
    return tables


def _once(rows: Sequence[Row], words: Mapping[str, Any]) -> list[Row]:
    """Where an entry says `once`, leave out rows that differ from an earlier one in these columns alone."""
    if "once" not in words:
        return list(rows)
    first: dict[tuple[Value, ...], Row] = {}
    for row in rows:
        key = tuple(cell.value for name, cell in row.items() if name not in words["once"])
        first.setdefault(key, row)
    return list(first.values())


def _belongs(row: Row, words: Mapping[str, Any], inputs: Inputs) -> bool:
    """Apply the filter of a table's entry: `only` headline or moderated models (or both), and `where` values."""
    models = {model["name"]: model["mods"] is not None for model in inputs.models}
    engines = {model["name"]: model["engine"] for model in inputs.models}
    headline = inputs.analysis["headline"]
    if words.get("section") != "bayesian" and not words.get("every") and "model" in row:
        # Bayesian models have tables of their own; a headline stands in all.
        name = str(row["model"].value)
        if engines.get(name) in BAYESIAN_ENGINES and name != headline:
            return False
    if "only" in words:
        is_headline = "headline" in words["only"] and row["model"].value == headline
        is_moderated = "moderated" in words["only"] and models[str(row["model"].value)]
        if not (is_headline or is_moderated):
            return False
    wanted = {column: value if isinstance(value, list) else [value] for column, value in words.get("where", {}).items()}
    return all(row[column].value in values for column, values in wanted.items())


def _forest(inputs: Inputs, shown: Mapping[str, Sequence[Row]]) -> Forest | None:
    """Return the forest plot where the analysis has the figure of one, whose words it takes."""
    if not any(figure["kind"] == "forest" for figure in inputs.figures):
        return None
    return build_forest(inputs.analysis, inputs.models, inputs.dataset, shown)


def _figures(inputs: Inputs, medium: Medium) -> list[dict[str, Any]]:
    """Return every figure that is drawn as vectors; on paper it is named by its file, beside which it is put later."""
    shown = []
    for number, figure in enumerate(inputs.figures, start=1):
        if figure["file"] in inputs.drawings:
            row = {**figure, "model_name": plain_name(figure["model"])}
            if medium == "screen":
                row["svg"] = inline_svg(inputs.drawings[figure["file"]], f"figure-{number}", figure["alt"])
            shown.append(row)
    return shown
