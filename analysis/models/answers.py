"""What a model says in the reader's terms: predicted means, simple slopes, marginal means, cells, subgroups."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.errors import ModelError
from analysis.frequentist import contrast, fit_random_effects, predict
from analysis.models.fitting import Cell, FittedModel, Record
from analysis.results import Array, Prediction
from analysis.vocabulary import FIXED_METHODS, HUNTER_SCHMIDT, MIN_K_PER_CELL, PREDICTION_INTERVALS

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
    kinds: tuple[str | None, ...] = tuple(PREDICTION_INTERVALS)
    if model.fit.method in FIXED_METHODS:
        kinds = (None,)
    elif model.fit.method == HUNTER_SCHMIDT:
        kinds = ("normal",)
    rows: list[Record] = []
    for kind in kinds:
        found = predict(model.fit, np.ones((1, 1)), interval=kind)
        place = {"kind": "mean", "moderator": None, "value": None, "label": "mean effect", "by": None, "by_label": None}
        rows += _prediction_rows([place], found, named=kind is not None)
    return rows


def _prediction_rows(places: Sequence[Mapping[str, Cell]], found: Prediction, *, named: bool = True) -> list[Record]:
    return [
        {
            **place,
            "pred": float(found.pred[index]),
            "se": float(found.se[index]),
            "ci_lb": _number(found.ci_lb[index]),
            "ci_ub": _number(found.ci_ub[index]),
            "pi_lb": _number(found.pi_lb[index]) if named else None,
            "pi_ub": _number(found.pi_ub[index]) if named else None,
            "interval": found.interval if named else "none",
            "level": found.level,
        }
        for index, place in enumerate(places)
    ]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _predict(model: FittedModel, X: Array, places: Sequence[Mapping[str, Cell]]) -> list[Record]:
    fixed = model.fit.method in FIXED_METHODS
    return _prediction_rows(
        places, predict(model.fit, X, interval=None if fixed else model.row.prediction), named=not fixed
    )


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
        rows += _predict(model, X, places)
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
        rows += _predict(model, _average_rows(model, design, fixed), places)
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
    found = contrast(model.fit, L)
    ddf = float(np.ravel(found.ddf)[0])
    return [
        {
            "kind": kind,
            "moderator": name,
            "at": at,
            "estimate": float(found.estimate[index]),
            "se": float(found.se[index]),
            "stat": _number(found.stat[index]),
            "dist": model.fit.dist,
            "ddf": _number(ddf),
            "pval": _number(found.pval[index]),
            "ci_lb": _number(found.ci_lb[index]),
            "ci_ub": _number(found.ci_ub[index]),
            "level": found.level,
        }
        for index, at in enumerate(words)
    ]


def _conditions(model: FittedModel, design: "DesignModel", name: str) -> list[tuple[str | None, dict[str, Cell]]]:
    """Values of the first moderator that `name` interacts with: levels of a factor, or a numeric one's mean -+ 1 SD."""
    partners = [other for term in _interactions(design) if name in term for other in term if other != name]
    factor = next((other for other in partners if other in design.factors), None)
    if factor is not None:
        return [(level, {factor: level}) for level in design.levels[factor]]
    if not partners:
        return [(None, {})]
    values = model.numbers(partners[0])
    centre, spread = float(values.mean()), float(values.std(ddof=1))
    return [(label, {partners[0]: centre + shift * spread}) for label, shift in HELD_AT.items()]


def _interactions(design: "DesignModel") -> list[tuple[str, ...]]:
    """Moderators of every term that joins two or more of them."""
    used = (*design.numeric, *design.factors)
    joined = [tuple(n for n in used if re.search(rf"\b{re.escape(n)}\b", term.name)) for term in design.design.terms]
    return [names for names in joined if len(names) > 1]


def _average_rows(model: FittedModel, design: "DesignModel", fixed: Mapping[str, Iterable[Cell] | Array]) -> Array:
    """Design rows with some moderators fixed; other numeric ones at their mean, factors averaged over their levels."""
    from analysis.formulas import code_rows

    columns = {name: list(values) for name, values in fixed.items()}
    count = len(next(iter(columns.values())))
    free = [name for name in design.factors if name not in columns]
    numeric = {name: [float(model.numbers(name).mean())] * count for name in design.numeric if name not in columns}
    combinations = list(itertools.product(*(design.levels[name] for name in free)))
    coded = [
        code_rows(
            design, {**columns, **numeric, **{name: [level] * count for name, level in zip(free, levels, strict=True)}}
        )
        for levels in combinations
    ]
    average: Array = np.mean(coded, axis=0)
    return average


def build_cells(model: FittedModel) -> list[Record]:
    """Effects and studies behind each level of a factor and each cell of an interaction."""
    if model.design is None:
        return []
    rows: list[Record] = []
    for names in (*((name,) for name in model.design.factors), *_interactions(model.design)):
        groups = {name: _grouped(model, model.design, name) for name in names}
        for cell in itertools.product(*(levels for levels, _ in groups.values())):
            inside = [
                index
                for index in range(len(model.effects))
                if all(groups[name][1][index] == level for name, level in zip(names, cell, strict=True))
            ]
            studies = len({model.effects[index]["study_id"] for index in inside})
            label = ", ".join(f"{name} {level}" for name, level in zip(names, cell, strict=True))
            rows.append({
                "term": ":".join(names), "cell": label, "k": len(inside), "n_studies": studies,
                "sparse": studies < MIN_K_PER_CELL,
            })  # fmt: skip
    return rows


def _grouped(model: FittedModel, design: "DesignModel", name: str) -> tuple[tuple[str, ...], list[str]]:
    """Levels of a moderator and each effect's; a numeric one is split at its median."""
    if name in design.factors:
        from analysis.formulas.design import as_level

        return design.levels[name], [as_level(cell) for cell in model.column(name)]
    values = model.numbers(name)
    median = float(np.median(values))
    labels = ("up to its median", "above its median")
    return labels, [labels[int(value > median)] for value in values]


def build_subgroups(model: FittedModel, group: str | None) -> list[Record]:
    """A model of its own within each level of the factors of the formula, or of `group` where there is no formula."""
    if model.fit.method == HUNTER_SCHMIDT:
        return []
    names = list(model.design.factors) if model.design else [group] if group else []
    return [row for name in names for row in _subgroups_of(model, name)]


def _subgroups_of(model: FittedModel, name: str) -> list[Record]:
    if name not in model.effects[0]:
        raise ModelError(f"there is no column {name} to group by. Name a column of the effects.")
    labels = [None if cell is None else _label(cell) for cell in model.column(name)]
    levels = (
        list(dict.fromkeys(model.design.levels[name])) if model.design else sorted({x for x in labels if x is not None})
    )
    return [_subgroup(model, name, level, [i for i, label in enumerate(labels) if label == level]) for level in levels]


def _label(cell: Cell) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _subgroup(model: FittedModel, name: str, level: str, inside: list[int]) -> Record:
    yi, vi = model.numbers("yi")[inside], model.numbers("vi")[inside]
    fixed = model.fit.method in FIXED_METHODS
    given = model.weights[inside] if model.row.weights else None
    fit = fit_random_effects(
        yi, vi, method=model.row.method, test=model.row.test, level=model.row.level, weights=given,
        prediction=None if fixed else model.row.prediction,
    )  # fmt: skip
    return {
        "moderator": name,
        "label": level,
        "k": len(inside),
        "n_studies": len({model.effects[index]["study_id"] for index in inside}),
        "estimate": float(fit.beta[0]),
        "se": _number(fit.se[0]),
        "ci_lb": _number(fit.ci_lb[0]),
        "ci_ub": _number(fit.ci_ub[0]),
        "pi_lb": None if fixed or fit.pi_lb is None else _number(fit.pi_lb),
        "pi_ub": None if fixed or fit.pi_ub is None else _number(fit.pi_ub),
        "tau2": None if fixed else _number(fit.tau2),
        "i2": _number(fit.i2),
        "qe": _number(fit.qe),
        "qe_pval": _number(fit.qe_pval),
        "level": model.row.level,
    }
