"""GOSH of a fitted model: the mean on subsets of its effects, and the effects that split the cloud."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.fragility.gosh import Gosh, gosh
from analysis.fragility.gosh_clusters import GoshClusters, gosh_clusters
from analysis.models.aggregating import aggregate_effects
from analysis.models.dependent import DependentModel
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Record, finite
from analysis.models.influence_deletion import options
from analysis.models.influence_rows import study_label
from analysis.vocabulary import WITH_RHO

# Rows of the cloud that are written.
MAX_ROWS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Rows of `gosh` and of `gosh_clusters`, and sentences."""

    points: list[Record]
    clusters: list[Record]
    notes: tuple[str, ...]


def cloud_rows(model: EstimatedModel, *, subsets: int, seed: int) -> Cloud:
    """Fit the mean to all subsets where there are no more than `subsets`, else to that many random ones.

    A model with several levels is asked study by study, each study's effects made one. With moderators there is no
    single mean: no rows, and a sentence.

    Raises
    ------
    ModelError
        Effects that the model cannot be fitted to.
    """
    if model.row.moderated:
        return Cloud(points=[], clusters=[], notes=("GOSH looks at a single mean, which moderators do not leave.",))
    effects, said = _composites(model) if isinstance(model, DependentModel) else (model.effects, ())
    yi, vi = (np.array([effect[name] for effect in effects], dtype=float) for name in ("yi", "vi"))
    chosen = {**options(model)}
    del chosen["test"]
    cloud = gosh(yi, vi, **chosen, subsets=subsets, seed=seed)
    groups = gosh_clusters(cloud)
    return Cloud(
        points=_points(cloud, groups),
        clusters=_clusters(cloud, groups, effects),
        notes=tuple(dict.fromkeys((*said, *groups.notes))),
    )


def _composites(model: DependentModel) -> tuple[Sequence[Record], tuple[str, ...]]:
    """One effect per study; sampling errors correlate within a study as in the model."""
    rho = model.row.rho if model.row.structure in WITH_RHO else 0.0
    combined, notes = aggregate_effects(model.effects, (), replace(model.row, rho=rho))
    for study in combined:
        slabs = [str(effect["slab"]) for effect in model.effects if effect["study_id"] == study["study_id"]]
        study["slab"] = study_label(slabs, study["study_id"])
    said = "GOSH is of a model without levels: every study stands with one effect, and subsets are of studies."
    return combined, (said, *(f"For it, {note}" for note in notes))


def _points(cloud: Gosh, groups: GoshClusters) -> list[Record]:
    n = len(cloud.k)
    kept = np.unique(np.linspace(0, n - 1, min(n, MAX_ROWS)).round().astype(int))
    return [
        {
            "subset": int(index) + 1,
            "k": int(cloud.k[index]),
            "estimate": finite(cloud.estimate[index, 0]),
            "tau2": finite(cloud.tau2[index]),
            "i2": finite(cloud.i2[index]),
            "qe": finite(cloud.qe[index]),
            "cluster": int(groups.label[index]) + 1 if groups.label[index] >= 0 else None,
        }
        for index in kept
    ]


def _clusters(cloud: Gosh, groups: GoshClusters, effects: Sequence[Record]) -> list[Record]:
    rows: list[Record] = []
    for one, size in enumerate(groups.size):
        if not size:
            continue
        tau2 = float(cloud.tau2[groups.label == one].mean())
        head: Record = {
            "cluster": one + 1, "size": int(size), "estimate": finite(groups.estimate[one]), "tau2": finite(tau2),
            "i2": finite(groups.i2[one]),
        }  # fmt: skip
        rows += [
            {
                **head,
                "slab": effect["slab"],
                "study_id": effect["study_id"],
                "share_inside": finite(groups.share_inside[one, place]),
                "share_outside": finite(groups.share_outside[one, place]),
                "drives": bool(groups.drives[one, place]),
            }
            for place, effect in enumerate(effects)
        ]
    return rows
