"""The lines of a forest plot, from top to bottom, before any of them is drawn."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analysis.figures.records import Record, Records, number, word
from analysis.figures.wording import has_prediction, level_text, subgroup_text
from analysis.formatting import format_count, format_effect, format_interval, format_percent

# Height of a row, inches.
ROW: Final = 0.205
# Heights in units of a study's row.
HEIGHTS: Final = {
    "study": 1.0,
    "group": 1.15,
    "subtotal": 1.1,
    "note": 0.85,
    "gap": 0.55,
    "pooled": 1.25,
    "prediction": 1.1,
}
NO_GROUP: Final = "Not reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: its kind (a key of HEIGHTS), its words, and its numbers in units of the measure (nan: none)."""

    kind: str
    label: str = ""
    indent: bool = False
    n: str = ""
    weight: float = math.nan
    estimate: float = math.nan
    lb: float = math.nan
    ub: float = math.nan
    texts: tuple[str, str, str] = field(default=("", "", ""))


def build_rows(
    studies: Records,
    *,
    mean: Record,
    subgroups: Records,
    groups: Mapping[str, str | None] | None,
    measure: str,
    pooled_label: str,
) -> list[Row]:
    """Lay the lines out: studies, by group where there are groups, the pooled mean, the prediction interval."""
    rows = _grouped(studies, subgroups, groups, measure) if groups else [_study(study, measure) for study in studies]
    rows += [Row(kind="gap"), _summary("pooled", pooled_label, mean, "pred", measure)]
    if has_prediction(mean):
        label = f"{level_text(number(mean, 'level'))} prediction interval"
        lb, ub = number(mean, "pi_lb"), number(mean, "pi_ub")
        texts = ("", format_interval(lb, ub, measure), "")
        rows.append(Row(kind="prediction", label=label, lb=lb, ub=ub, texts=texts))
    return rows


def centres(rows: Sequence[Row]) -> tuple[list[float], float]:
    """Return where the middle of each row is, counted downwards from zero, and the height of them all."""
    middles, top = [], 0.0
    for row in rows:
        middles.append(top + HEIGHTS[row.kind] / 2)
        top += HEIGHTS[row.kind]
    return middles, top


def _grouped(studies: Records, subgroups: Records, groups: Mapping[str, str | None], measure: str) -> list[Row]:
    summaries = {word(subgroup, "label"): subgroup for subgroup in subgroups}
    members: dict[str, list[Record]] = {label: [] for label in summaries}
    for study in studies:
        members.setdefault(groups.get(word(study, "effect_id")) or NO_GROUP, []).append(study)
    # Effects without a group come last, wherever the first of them stands.
    labels = sorted((label for label in members if members[label]), key=lambda label: label == NO_GROUP)
    rows = [row for label in labels for row in _group(label, members[label], summaries.get(label), measure)]
    return rows[:-1]


def _group(label: str, members: Records, summary: Record | None, measure: str) -> Iterator[Row]:
    yield Row(kind="group", label=label)
    for study in members:
        yield _study(study, measure, indent=True)
    if summary is not None:
        yield _summary("subtotal", f"Subtotal (k = {format_count(number(summary, 'k'))})", summary, "estimate", measure)
        if note := subgroup_text(summary):
            yield Row(kind="note", label=note, indent=True)
    yield Row(kind="gap")


def _study(study: Record, measure: str, *, indent: bool = False) -> Row:
    estimate, lb, ub = (number(study, column) for column in ("yi", "ci_lb", "ci_ub"))
    weight, n = number(study, "weight"), number(study, "ni")
    return Row(
        kind="study",
        label=word(study, "slab").strip() or word(study, "effect_id"),
        indent=indent,
        n="" if math.isnan(n) else format_count(n),
        weight=weight,
        estimate=estimate,
        lb=lb,
        ub=ub,
        texts=(format_effect(estimate, measure), format_interval(lb, ub, measure), format_percent(weight)),
    )


def _summary(kind: str, label: str, record: Record, column: str, measure: str) -> Row:
    estimate, lb, ub = number(record, column), number(record, "ci_lb"), number(record, "ci_ub")
    texts = (format_effect(estimate, measure), format_interval(lb, ub, measure), "")
    return Row(kind=kind, label=label, indent=kind == "subtotal", estimate=estimate, lb=lb, ub=ub, texts=texts)
