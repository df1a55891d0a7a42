"""The forest plot of a page: one row for each effect, what stands behind it, and the result without it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.formatting import common_label
from analysis.reporting.display import Row, Shown
from analysis.reporting.forest_marks import Axis, Square, axis_ticks, build_axis, null_place
from analysis.tables.records import INTERCEPT

type ShownTables = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """The headline result without an effect or a study: the row that says so, and its diamond.

    `before` is the place of the result with it in `Forest.before`; `mean` is false where a coefficient is meant.
    """

    row: Row
    before: int
    mean: bool
    diamond: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One effect: its numbers and marks, its moderators in the order of the columns (None: not reported), its cells."""

    row: Row
    whisker: str
    square: Square | None
    moderators: Sequence[Shown | None]
    raw: Sequence[Row]
    without: Without | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A mean or an interval at the foot of the plot."""

    row: Row
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study of several effects that can be left out as a whole."""

    key: str
    label: str
    without: Without


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A moderator: `levels` of a factor in the order they appear, empty where it holds numbers."""

    name: str
    numeric: bool
    levels: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Everything the plot shows.

    `own` says that the headline model is the one that is drawn, `moves` that what is left out moves a mean, not one of
    several coefficients; `before` are the results with everything in; `beyond` that an interval leaves the axis.
    """

    model: Row
    own: bool
    moves: bool
    before: Sequence[Row]
    columns: Sequence[Column]
    rows: Sequence[ForestRow]
    subgroups: Sequence[Summary]
    mean: Summary
    prediction: Summary | None
    ticks: Sequence[tuple[float, str]]
    null: float | None
    band: tuple[float, float] | None
    beyond: bool
    studies: Sequence[Study]
    inputs: Sequence[Mapping[str, Any]]


def build_forest(
    analysis: Mapping[str, Any], models: Sequence[Mapping[str, Any]], dataset: Mapping[str, Any], shown: ShownTables
) -> Forest | None:
    """Return the plot of the headline model, or of the model behind the mean where the headline has moderators.

    Parameters
    ----------
    analysis : its row.
    models : rows of its models.
    dataset : its description.
    shown : rows of the tables of the page.

    Returns
    -------
    None where no model has one mean.
    """
    studies = shown["pooled_studies"] or shown["studies"]
    name = str(studies[0]["model"].value) if shown["pooled_studies"] else analysis["headline"]
    model = next(row for row in shown["models"] if row["model"].value == name)
    predicted = _predicted(shown, name, next(row for row in models if row["name"] == name))
    if not studies or model["estimate"].missing or predicted is None:
        return None
    groups = _subgroups(shown, name, analysis["forest_group"])
    limits = ("ci_lb_model_scale", "effect_model_scale", "ci_ub_model_scale")
    drawn = [(_number(row, limits[0]), _number(row, limits[1]), _number(row, limits[2])) for row in studies]
    pooled = [_number(predicted, f"{part}_model_scale") for part in ("pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")]
    subtotals = [value for row in groups for value in _limits(row)]
    axis = build_axis(drawn, pooled, subtotals, analysis["measure"])
    raw = _raw_by_effect(shown["raw"])
    columns = _columns(analysis, raw)
    before = _before(shown, analysis["headline"])
    rows = _rows(studies, drawn, axis, columns, raw, _without_effects(shown["influence"], before, axis))
    mean = Summary(row=model, mark=axis.diamond(*_limits(model)))
    prediction = axis.bar(_number(predicted, "pi_lb_model_scale"), _number(predicted, "pi_ub_model_scale"))
    lower, _, upper = _limits(model)
    finite = math.isfinite(lower) and math.isfinite(upper)
    return Forest(
        model=model,
        own=name == analysis["headline"],
        moves="term" not in before[0],
        before=before,
        columns=columns,
        rows=_grouped(rows, columns, groups, analysis["forest_group"]),
        subgroups=[Summary(row=row, mark=axis.diamond(*_limits(row))) for row in groups],
        mean=mean,
        prediction=Summary(row=predicted, mark=prediction) if prediction else None,
        ticks=axis_ticks(axis, analysis["measure"]),
        null=null_place(axis, analysis["measure"]),
        band=(axis.place(lower), round(axis.place(upper) - axis.place(lower), 2)) if finite else None,
        beyond=any(limits[0] < axis.low or limits[2] > axis.high for limits in (*drawn, *map(_limits, groups))),
        studies=_without_studies(shown["influence_clusters"], studies, before, axis),
        inputs=_inputs(shown["raw"], dataset),
    )


def _number(row: Row, column: str) -> float:
    value = row[column].value
    return float(value) if isinstance(value, int | float) else math.nan


def _limits(row: Row) -> tuple[float, float, float]:
    lower, mean, upper = (_number(row, f"{part}_model_scale") for part in ("ci_lb", "estimate", "ci_ub"))
    return lower, mean, upper


def _predicted(shown: ShownTables, name: str, model: Mapping[str, Any]) -> Row | None:
    """Return the mean with the prediction interval that the model asks for, or with the first there is."""
    rows = [row for row in shown["predictions"] if row["model"].value == name and row["kind"].value == "mean"]
    asked = [row for row in rows if row["interval"].value == model.get("prediction")]
    return next(iter([*asked, *rows]), None)


def _subgroups(shown: ShownTables, name: str, group: str | None) -> list[Row]:
    rows = [row for row in shown["subgroups"] if row["model"].value == name and row["moderator"].value == group]
    return [row for row in rows if not row["estimate"].missing]


def _raw_by_effect(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["effect_id"].value), []).append(row)
    return found


def stated(cell: Row) -> Shown:
    """Return what a cell of the dataset holds: a number, or words."""
    return cell["word"] if cell["given"].missing else cell["given"]


def _columns(analysis: Mapping[str, Any], raw: Mapping[str, Sequence[Row]]) -> list[Column]:
    """Return the moderators in which anything stands, that of the groups first."""
    columns = []
    for name in dict.fromkeys(part for part in (analysis["forest_group"], *analysis["moderators"]) if part):
        cells = [stated(cell) for cells in raw.values() for cell in cells if cell["column"].value == name]
        if cells:
            numeric = all(isinstance(cell.value, int | float) for cell in cells)
            levels = () if numeric else tuple(dict.fromkeys(cell.text for cell in cells))
            columns.append(Column(name=name, numeric=numeric, levels=levels))
    return columns


def _rows(
    studies: Sequence[Row],
    drawn: Sequence[tuple[float, float, float]],
    axis: Axis,
    columns: Sequence[Column],
    raw: Mapping[str, Sequence[Row]],
    without: Mapping[str, Without],
) -> list[ForestRow]:
    weights = [0.0 if row["weight"].missing else _number(row, "weight") for row in studies]
    rows = []
    for row, (lower, effect, upper), weight in zip(studies, drawn, weights, strict=True):
        key = str(row["effect_id"].value)
        cells = {str(cell["column"].value): stated(cell) for cell in raw.get(key, ())}
        rows.append(
            ForestRow(
                row=row,
                whisker=axis.whisker(lower, upper),
                square=axis.square(effect, weight, max(weights)),
                moderators=[cells.get(column.name) for column in columns],
                raw=raw.get(key, ()),
                without=without.get(key),
            )
        )
    return rows


def _grouped(
    rows: Sequence[ForestRow], columns: Sequence[Column], groups: Sequence[Row], group: str | None
) -> list[ForestRow]:
    """Order the rows by group, as the figure does; without groups they keep their order."""
    if group is None or not columns or columns[0].name != group:
        return list(rows)
    order = [row["label"].text for row in groups]
    order += [level for level in columns[0].levels if level not in order]

    def rank(row: ForestRow) -> int:
        cell = row.moderators[0]
        return order.index(cell.text) if cell is not None and cell.text in order else len(order)

    return sorted(rows, key=rank)


def _before(shown: ShownTables, headline: str) -> list[Row]:
    """Return the headline's result that is without something below: its mean, or each of its coefficients."""
    own = [row for row in shown["coefficients"] if row["model"].value == headline]
    return [shown["headline"][0]] if _is_mean(own) else own


def _is_mean(coefficients: Sequence[Row]) -> bool:
    return [row["term"].value for row in coefficients] == [INTERCEPT]


def _without_effects(rows: Sequence[Row], before: Sequence[Row], axis: Axis) -> dict[str, Without]:
    found = {str(row["effect_id"].value): _without(row, before, axis) for row in rows}
    return {key: without for key, without in found.items() if without is not None}


def _without_studies(rows: Sequence[Row], studies: Sequence[Row], before: Sequence[Row], axis: Axis) -> list[Study]:
    labels: dict[str, list[str]] = {}
    for row in studies:
        labels.setdefault(str(row["study_id"].value), []).append(row["slab"].text)
    found = []
    for row in rows:
        key, without = str(row["study_id"].value), _without(row, before, axis)
        if without is not None and key in labels:
            found.append(Study(key=key, label=common_label(labels[key]), without=without))
    return found


def _without(row: Row, before: Sequence[Row], axis: Axis) -> Without | None:
    """Pair a row of influence with the result before; None where the model cannot be fitted without it."""
    mean = "term" not in before[0]
    place = 0 if mean else next((i for i, one in enumerate(before) if one["term"].value == row["term"].value), None)
    if place is None or row["estimate_model_scale"].missing:
        return None
    return Without(row=row, before=place, mean=mean, diamond=axis.diamond(*_limits(row)) if mean else "")


def _inputs(raw: Sequence[Row], dataset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the description of each column that effects were computed from."""
    names = dict.fromkeys(row["column"].value for row in raw if row["role"].value == "input")
    columns = {column["name"]: column for column in dataset["columns"]}
    return [columns[name] for name in names if name in columns]
