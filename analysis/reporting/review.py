"""What a systematic review brings, for the page: how studies were found, what they are, how far they may be biased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

from analysis.formatting import MINUS, MISSING
from analysis.reporting.display import Row, Shown, locate_in_words, plain_name
from analysis.reporting.display_tables import DisplayCell, DisplayTable, Header
from analysis.vocabulary import OVERALL

SECTION: Final = "review"
# No number of these stands on the page.
WORDED: Final = ("without_effects", "risk_of_bias")
NOT_JUDGED: Final = "not judged"
STUDY: Final = Header(Markup("Study"), False)

type Tables = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    """What the page says of a review.

    `flow` holds counts by `route_step`; `undescribed` and `unjudged` are labels of studies of which a table says
    nothing; `supports` are judgements with what they rest on.
    """

    flow: Mapping[str, Shown]
    without: Sequence[Row]
    undescribed: Sequence[str]
    unjudged: Sequence[str]
    tool: str
    citation: str
    supports: Sequence[Row]
    figures: Sequence[Mapping[str, Any]]

    @property
    def any(self) -> bool:
        """There is something to say."""
        return bool(self.flow or self.without or self.tool or self.figures)


def review_facts(shown: Tables, figures: Sequence[Mapping[str, Any]]) -> ReviewFacts:
    """Return what the tables of a review say; without rows there is nothing to say."""
    summary = shown["risk_of_bias_summary"]
    return ReviewFacts(
        flow={
            f"{row['route'].value}_{row['step'].value}": row["n"]
            for row in shown["flow"]
            if row["kind"].missing and row["detail"].missing
        },
        without=shown["without_effects"],
        undescribed=_silent(shown["characteristics"], "value"),
        unjudged=_silent(shown["risk_of_bias"], "level"),
        tool=summary[0]["tool"].text if summary else "",
        citation=str(summary[0]["citation"].value or "") if summary else "",
        supports=[row for row in shown["risk_of_bias"] if not row["support"].missing],
        figures=figures,
    )


def _silent(rows: Sequence[Row], column: str) -> list[str]:
    """Return the labels of studies in whose rows a column is always empty."""
    said: dict[str, bool] = {}
    for row in rows:
        name = str(row["study_id"].value)
        said[name] = said.get(name, False) or not row[column].missing
    labels = {str(row["study_id"].value): row["slab"].text for row in rows}
    return [labels[name] for name, something in said.items() if not something]


def review_tables(shown: Tables, words: Mapping[str, Any]) -> dict[str, DisplayTable]:
    """Return the wide tables, one row per study: their columns are the review's own.

    Parameters
    ----------
    shown : rows of the long tables.
    words : `review` of `templates/tables.yaml`: caption and note of each.
    """
    tables = {}
    if shown["characteristics"]:
        tables["characteristics"] = _characteristics(shown["characteristics"], words["characteristics"])
    if shown["risk_of_bias"]:
        tables["risk_of_bias"] = _risk(shown["risk_of_bias"], words["risk_of_bias"])
    return tables


def _by_study(rows: Sequence[Row]) -> dict[str, list[Row]]:
    studies: dict[str, list[Row]] = {}
    for row in rows:
        studies.setdefault(str(row["study_id"].value), []).append(row)
    return studies


def _table(
    name: str, words: Mapping[str, str], headers: Sequence[Header], rows: Sequence[Sequence[DisplayCell]]
) -> DisplayTable:
    # The words of tables.yaml are ours.
    caption, note = (Markup(" ".join(words.get(key, "").split())) for key in ("caption", "note"))
    return DisplayTable(
        name=name,
        caption=caption,
        note=note,
        headers=tuple(headers),
        rows=tuple(tuple(row) for row in rows),
        section=SECTION,
    )


def _study_cell(row: Row) -> DisplayCell:
    return DisplayCell(row["slab"].text, True, False, "", "")


def _characteristics(rows: Sequence[Row], words: Mapping[str, str]) -> DisplayTable:
    studies = _by_study(rows)
    first = next(iter(studies.values()))
    headers = [Header(_heading(row), _is_number(row)) for row in first]
    body = [[_study_cell(own[0]), *(_value_cell(row) for row in own)] for own in studies.values()]
    return _table("characteristics", words, [STUDY, *headers], body)


def _heading(row: Row) -> Markup:
    heading, unit = row["heading"].text, row["unit"].text
    # `People (people)` says nothing more than `People`.
    return escape(heading if row["unit"].missing or unit == heading.lower() else f"{heading} ({unit})")


def _is_number(row: Row) -> bool:
    return row["type"].value in ("integer", "number")


def _value_cell(row: Row) -> DisplayCell:
    value = row["value"]
    if value.missing:
        return DisplayCell(MISSING, False, _is_number(row), "", "")
    if _is_number(row):
        text = value.text.replace("-", MINUS) if value.text.startswith("-") else value.text
        return DisplayCell(text, False, True, value.source, locate_in_words(value.source))
    # Levels of a column of effects.csv are codes, what a review types is prose.
    coded = str(row["source"].value).endswith("effects.csv")
    return DisplayCell(plain_name(value.text) if coded else value.text, False, False, "", "")


def _risk(rows: Sequence[Row], words: Mapping[str, str]) -> DisplayTable:
    studies = _by_study(rows)
    first = next(iter(studies.values()))
    headers = [Header(escape(_domain(row)), False) for row in first]
    body = [[_study_cell(own[0]), *(_judgement_cell(row) for row in own)] for own in studies.values()]
    return _table("risk_of_bias", words, [STUDY, *headers], body)


def _domain(row: Row) -> str:
    return row["name"].text if row["domain"].value == OVERALL else f"{row['domain'].text}: {row['name'].text}"


def _judgement_cell(row: Row) -> DisplayCell:
    level = NOT_JUDGED if row["level"].missing else row["level"].text
    # The mark is one of a few words of the schema, never a stranger's.
    mark = "none" if row["mark"].missing else row["mark"].text
    return DisplayCell(Markup('<span class="risk risk-{}">{}</span>').format(mark, level), False, False, "", "")
