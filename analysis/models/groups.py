"""Effects by level: cells of the moderators counted, and a model of its own within each level."""

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import ConvergenceError, ModelError, TooFewStudiesError
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import FittedModel, Record, finite, is_missing
from analysis.vocabulary import HUNTER_SCHMIDT, MIN_K_PER_CELL

if TYPE_CHECKING:
    from analysis.formulas import DesignModel


ESTIMATES = ("estimate", "se", "ci_lb", "ci_ub")


def interactions(design: "DesignModel") -> tuple[tuple[str, ...], ...]:
    """Moderators of every term that joins two or more of them, each set once: `x:f` and `I(x**2):f` have one."""
    used = (*design.numeric, *design.factors)
    joined = [tuple(n for n in used if re.search(rf"\b{re.escape(n)}\b", term.name)) for term in design.design.terms]
    return tuple(dict.fromkeys(names for names in joined if len(names) > 1))


def build_cells(model: FittedModel) -> list[Record]:
    """Effects and studies behind each level of a factor and each cell of an interaction."""
    if model.design is None:
        return []
    rows: list[Record] = []
    for names in (*((name,) for name in model.design.factors), *interactions(model.design)):
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
                "n_clusters": _clusters(model, inside, studies), "sparse": studies < MIN_K_PER_CELL,
            })  # fmt: skip
    return rows


def _clusters(model: FittedModel, inside: list[int], studies: int) -> int:
    """What a robust variance takes as independent: studies, unless the row names another column."""
    cluster = getattr(model.row, "cluster", "study_id")
    return studies if cluster == "study_id" else len({model.effects[index].get(cluster) for index in inside})


def _grouped(model: FittedModel, design: "DesignModel", name: str) -> tuple[tuple[str, ...], list[str | None]]:
    """Levels of a moderator and each effect's; a numeric one is split at its median, and may not be reported."""
    if name in design.factors:
        from analysis.formulas.design import as_level

        return design.levels[name], [as_level(cell) for cell in model.column(name)]
    median = float(np.median(model.numbers(name)))
    labels = ("up to its median", "above its median")
    cells = model.column(name)
    return labels, [None if is_missing(cell) else labels[int(float(cell) > median)] for cell in cells]  # type: ignore[arg-type]


def build_subgroups(model: EstimatedModel, group: str | None) -> list[Record]:
    """A model of its own within each level of the factors of the formula, or of `group` where there is no formula."""
    if model.fit.method == HUNTER_SCHMIDT:
        return []
    names = list(model.design.factors) if model.design else [group] if group else []
    return [row for name in names for row in _subgroups_of(model, name)]


def _subgroups_of(model: EstimatedModel, name: str) -> list[Record]:
    if name not in model.effects[0]:
        raise ModelError(f"there is no column {name} to group by. Name a column of the effects.")
    from analysis.formulas.design import as_level

    labels = [None if cell is None else as_level(cell) for cell in model.column(name)]
    levels = (
        list(dict.fromkeys(model.design.levels[name])) if model.design else sorted({x for x in labels if x is not None})
    )
    inside = {
        level: [effect for effect, own in zip(model.effects, labels, strict=True) if own == level] for level in levels
    }
    return [_subgroup(model, name, level, effects) for level, effects in inside.items()]


def _subgroup(model: EstimatedModel, name: str, level: str, effects: list[Record]) -> Record:
    """The model without its moderators, within one level; what too few effects cannot carry stays empty."""
    counts: Record = {"k": len(effects), "n_studies": len({effect["study_id"] for effect in effects})}
    own = _alone(model, effects)
    if own is None:
        empty = dict.fromkeys((*ESTIMATES, "pi_lb", "pi_ub", "tau2", "i2", "qe", "qe_pval"))
        return {"moderator": name, "label": level, **counts, **empty, "level": model.row.level}
    mean, limits = own.coefficients(), own.predict(np.ones((1, 1)))
    spread = {row["quantity"]: row["estimate"] for row in own.heterogeneity()}
    return {
        "moderator": name,
        "label": level,
        **counts,
        **{key: finite(getattr(mean, key)[0]) for key in ESTIMATES},
        "pi_lb": finite(limits.pi_lb[0]),
        "pi_ub": finite(limits.pi_ub[0]),
        "tau2": spread.get("tau2"),
        "i2": spread.get("i2"),
        "qe": finite(own.fit.qe),
        "qe_pval": finite(own.fit.qe_pval),
        "level": model.row.level,
    }


def _alone(model: EstimatedModel, effects: list[Record]) -> EstimatedModel | None:
    from analysis.models.fitting import fit_prepared

    row = replace(model.row, mods=None, permutations=0, bootstrap=0)
    try:
        return fit_prepared(effects, row, measure=model.measure)
    except (ModelError, TooFewStudiesError, ConvergenceError):
        return None
