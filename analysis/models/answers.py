"""What a model says in the reader's terms: predicted means, simple slopes, marginal means."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.models.fitted import Cell, FittedModel, Record, finite
from analysis.models.groups import interactions
from analysis.results import Array, Prediction

if TYPE_CHECKING:
    from analysis.formulas import DesignModel

# Points of a curve: enough for a smooth line on a page.
CURVE_POINTS = 41
# Where a numeric moderator is held to show what depends on it (Aiken & West 1991).
HELD_AT = {"mean - 1 SD": -1.0, "mean": 0.0, "mean + 1 SD": 1.0}
# Step of a derivative, as a share of the moderator's standard deviation; exact for straight lines.
SLOPE_STEP = 1e-4


def build_predictions(model: FittedModel) -> list[Record]:
    """The mean effect under each kind of prediction interval, or predicted means over every moderator."""
    if model.design is None:
        return _mean_rows(model)
    rows: list[Record] = []
    for name in model.design.numeric:
        rows += _curves(model, model.design, name)
    for name in model.design.factors:
        rows += _levels(model, model.design, name)
    return rows


def _mean_rows(model: FittedModel) -> list[Record]:
    place: Record = {"kind": "mean", "moderator": None, "value": None, "label": "mean effect"}
    place |= {"by": None, "by_label": None}
    return [row for found in model.mean_predictions() for row in _prediction_rows([place], found)]


def _prediction_rows(places: Sequence[Mapping[str, Cell]], found: Prediction) -> list[Record]:
    return [
        {
            **place,
            "pred": float(found.pred[index]),
            "se": float(found.se[index]),
            "ci_lb": finite(found.ci_lb[index]),
            "ci_ub": finite(found.ci_ub[index]),
            "pi_lb": finite(found.pi_lb[index]),
            "pi_ub": finite(found.pi_ub[index]),
            "interval": found.interval,
            "level": found.level,
        }
        for index, place in enumerate(places)
    ]


def _curves(model: FittedModel, design: "DesignModel", name: str) -> list[Record]:
    values = model.numbers(name)
    grid = np.linspace(values.min(), values.max(), CURVE_POINTS)
    rows: list[Record] = []
    for label, held in _conditions(model, design, name):
        by = next(iter(held), None)
        X = _average_rows(model, design, {name: grid, **{key: [value] * len(grid) for key, value in held.items()}})
        places = [
            {
                "kind": "curve",
                "moderator": name,
                "value": float(x),
                "label": f"{float(x):.6g}",
                "by": by,
                "by_label": label,
            }
            for x in grid
        ]
        rows += _prediction_rows(places, model.predict(X))
    return rows


def _levels(model: FittedModel, design: "DesignModel", name: str) -> list[Record]:
    levels = design.levels[name]
    rows: list[Record] = []
    for label, held in _conditions(model, design, name):
        by = next(iter(held), None)
        fixed = {name: levels, **{key: [value] * len(levels) for key, value in held.items()}}
        places: list[dict[str, Cell]] = [
            {"kind": "level", "moderator": name, "value": None, "label": level, "by": by, "by_label": label}
            for level in levels
        ]
        rows += _prediction_rows(places, model.predict(_average_rows(model, design, fixed)))
    return rows


def build_slopes(model: FittedModel) -> list[Record]:
    """Simple slopes of numeric moderators and marginal means of factors, at values of what they interact with."""
    if model.design is None:
        return []
    rows: list[Record] = []
    for name in model.design.numeric:
        rows += _slope_rows(model, model.design, name)
    for name in model.design.factors:
        rows += _mean_of_levels(model, model.design, name)
    return rows


class Question(NamedTuple):
    """A combination of coefficients a reader may ask about: its kind, words for it, and its row (p,) of weights."""

    kind: str
    label: str
    level_of: str | None
    at: str | None
    L: Array


def conditional_questions(model: FittedModel) -> list[Question]:
    """Effects of each level of a factor at low, mean and high values of what it interacts with, and their contrasts."""
    design, asked = model.design, []
    for names in interactions(design) if design else ():
        factor = next((name for name in names if design and name in design.factors), None)
        moderator = next((name for name in names if design and name in design.numeric), None)
        if design and factor and moderator and len(names) == 2:
            asked += _conditional_questions(model, design, factor, moderator)
    return asked


def _conditional_questions(model: FittedModel, design: "DesignModel", factor: str, moderator: str) -> list[Question]:
    values = model.numbers(moderator)
    centre, spread = float(values.mean()), float(values.std(ddof=1))
    held = [centre + shift * spread for shift in HELD_AT.values()]
    asked = []
    for level in design.levels[factor]:
        low, mean, high = _average_rows(model, design, {moderator: held, factor: [level] * len(held)})
        for at, row in zip(HELD_AT, (low, mean, high), strict=True):
            label = f"{factor} = {level}, {moderator} at its {at}"
            asked.append(Question("conditional", label, level, at, row))
        slope = f"slope of {moderator}, {factor} = {level}"
        asked.append(Question("slope", slope, level, None, (high - low) / (held[-1] - held[0])))
        words = f"{factor} = {level}: {moderator} at its mean + 1 SD less at its mean - 1 SD"
        asked.append(Question("contrast", words, level, None, high - low))
    return asked


def _slope_rows(model: FittedModel, design: "DesignModel", name: str) -> list[Record]:
    values = model.numbers(name)
    centre, step = float(values.mean()), SLOPE_STEP * float(values.std(ddof=1))
    conditions = _conditions(model, design, name)
    up, down = (
        np.vstack(
            [_average_rows(model, design, {name: [centre + sign * step], **_listed(held)}) for _, held in conditions]
        )
        for sign in (1.0, -1.0)
    )
    words = [_words(held, label, "at the mean of the moderator") for label, held in conditions]
    return _contrast_rows(model, (up - down) / (2.0 * step), "slope", name, words)


def _mean_of_levels(model: FittedModel, design: "DesignModel", name: str) -> list[Record]:
    rows, words = [], []
    for label, held in _conditions(model, design, name):
        for level in design.levels[name]:
            rows.append(_average_rows(model, design, {name: [level], **_listed(held)}))
            words.append(f"{name} = {level}" + (f", {_words(held, label, '')}" if held else ""))
    return _contrast_rows(model, np.vstack(rows), "mean", name, words)


def _listed(held: Mapping[str, Cell]) -> dict[str, list[Cell]]:
    return {key: [value] for key, value in held.items()}


def _words(held: Mapping[str, Cell], label: str | None, otherwise: str) -> str:
    return f"{next(iter(held))} = {label}" if held else otherwise


def _contrast_rows(model: FittedModel, L: Array, kind: str, name: str, words: Sequence[str]) -> list[Record]:
    found = model.contrast(L)
    ddf = np.broadcast_to(np.asarray(found.ddf, dtype=float), found.se.shape)
    return [
        {
            "kind": kind,
            "moderator": name,
            "at": at,
            "estimate": float(found.estimate[index]),
            "se": float(found.se[index]),
            "stat": finite(found.stat[index]),
            "dist": model.dist,
            "ddf": finite(ddf[index]),
            "pval": finite(found.pval[index]),
            "ci_lb": finite(found.ci_lb[index]),
            "ci_ub": finite(found.ci_ub[index]),
            "level": found.level,
        }
        for index, at in enumerate(words)
    ]


def _conditions(model: FittedModel, design: "DesignModel", name: str) -> list[tuple[str | None, dict[str, Cell]]]:
    """Values of the first moderator that `name` interacts with: levels of a factor, or a numeric one's mean -+ 1 SD."""
    partners = [other for term in interactions(design) if name in term for other in term if other != name]
    factor = next((other for other in partners if other in design.factors), None)
    if factor is not None:
        return [(level, {factor: level}) for level in design.levels[factor]]
    if not partners:
        return [(None, {})]
    values = model.numbers(partners[0])
    centre, spread = float(values.mean()), float(values.std(ddof=1))
    return [(label, {partners[0]: centre + shift * spread}) for label, shift in HELD_AT.items()]


def _average_rows(model: FittedModel, design: "DesignModel", fixed: Mapping[str, Iterable[Cell] | Array]) -> Array:
    """Design rows with some moderators fixed; other numeric ones at their mean, factors averaged over their levels."""
    from analysis.formulas import code_rows

    # One call codes every combination: a call each would take a minute where four factors are averaged over.
    columns = {name: list(values) for name, values in fixed.items()}
    count = len(next(iter(columns.values())))
    free = [name for name in design.factors if name not in columns]
    held = {name: float(model.numbers(name).mean()) for name in design.numeric if name not in columns}
    combinations = list(itertools.product(*(design.levels[name] for name in free)))
    rows: dict[str, list[Cell]] = {name: values * len(combinations) for name, values in columns.items()}
    rows |= {name: [mean] * (count * len(combinations)) for name, mean in held.items()}
    rows |= {name: [levels[i] for levels in combinations for _ in range(count)] for i, name in enumerate(free)}
    coded = code_rows(design, rows)
    average: Array = coded.reshape(len(combinations), count, -1).mean(axis=0)
    return average
