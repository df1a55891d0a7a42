"""What an interaction rests on, to be read before any p value: how a moderator varies, what its contrasts can find."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.frequentist import between_within, contrast_power
from analysis.models.answers import conditional_questions
from analysis.models.estimated import EstimatedModel, column_of
from analysis.models.fitted import Record, finite, is_missing
from analysis.models.groups import interactions
from analysis.results import Array

if TYPE_CHECKING:
    from analysis.formulas import DesignModel

# Of the questions about an interaction, those that compare.
COMPARING = ("slope", "contrast")


def build_support(model: EstimatedModel) -> list[Record]:
    """How every moderator of an interaction varies between and within clusters, one row each.

    A factor is looked at level by level: the indicator of the level is split as a number is.
    """
    if model.design is None:
        return []
    cluster = column_of(model.effects, model.row.cluster, model.row.name, "cluster")
    names = dict.fromkeys(name for joined in interactions(model.design) for name in joined)
    return [
        _split(name, level, values, cluster)
        for name in names
        for level, values in _indicators(model, model.design, name)
    ]


def _indicators(model: EstimatedModel, design: "DesignModel", name: str) -> Iterator[tuple[str | None, Array]]:
    if name in design.numeric:
        yield None, model.numbers(name)
        return
    from analysis.formulas.design import as_level

    cells = [None if is_missing(cell) else as_level(cell) for cell in model.column(name)]
    for level in design.levels[name]:
        yield level, np.array([cell == level for cell in cells], dtype=float)


def _split(name: str, level: str | None, values: Array, cluster: "np.ndarray[tuple[int], np.dtype[np.str_]]") -> Record:
    found = between_within(values, cluster)
    return {
        "moderator": name,
        "label": level,
        "n_clusters": found.n_clusters,
        "varying": found.varying,
        "share_between": None if np.isnan(found.share_between) else 100.0 * found.share_between,
        "share_within": None if np.isnan(found.share_between) else 100.0 * (1.0 - found.share_between),
        "ecological": found.ecological,
    }


def build_power(model: EstimatedModel) -> list[Record]:
    """What every contrast of an interaction can find, one row each; no estimate and no p value among them.

    `effect` is the smallest one worth having, the upper limit of the region of practical equivalence; a slope is asked
    for it per standard deviation of its moderator. `detectable` is found with the power that studies are planned for.
    """
    if model.design is None:
        return []
    asked = list(_asked(model, model.design))
    if not asked:
        return []
    found = model.contrast(np.vstack([row for _, _, row, _ in asked]))
    ddf = np.broadcast_to(np.asarray(found.ddf, dtype=float), found.se.shape)
    worth = None if model.row.rope is None else max(model.row.rope)
    rows = []
    for index, (kind, label, _, unit) in enumerate(asked):
        se, own = float(found.se[index]), float(ddf[index])
        usable = se > 0.0 and np.isfinite(se) and own > 0.0
        power = contrast_power(se, own, (worth or 0.0) / unit, level=model.row.level) if usable else None
        rows.append({
            "kind": kind,
            "label": label,
            "se": finite(se),
            "ddf": finite(own),
            "effect": None if worth is None else worth / unit,
            "power": None if power is None or worth is None else power.power,
            "detectable": None if power is None else finite(power.detectable),
            "planned": None if power is None else power.planned,
            "level": model.row.level,
        })  # fmt: skip
    return rows


def _asked(model: EstimatedModel, design: "DesignModel") -> Iterator[tuple[str, str, Array, float]]:
    """Kind, words, weights, and by what the effect worth having is divided."""
    eye = np.eye(model.fit.p)
    for term in design.design.terms:
        used = [joined for joined in interactions(design) if all(name in term.name for name in joined)]
        if ":" in term.name and used:
            unit = float(np.prod([_spread(model, name) for name in used[0] if name in design.numeric] or [1.0]))
            for column in term.columns:
                yield "coefficient", model.fit.names[column], eye[column], unit
    for question in conditional_questions(model):
        if question.kind in COMPARING:
            numeric = next((name for name in design.numeric if name in question.label), None)
            unit = _spread(model, numeric) if question.kind == "slope" and numeric else 1.0
            yield question.kind, question.label, question.L, unit


def _spread(model: EstimatedModel, name: str) -> float:
    return float(model.numbers(name).std(ddof=1)) or 1.0
