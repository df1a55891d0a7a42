"""Which study a result hangs on: the tables of influence of a fitted model, whatever its structure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.errors import ConfigError, ToolkitError
from analysis.models.dependent import DependentModel
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Record
from analysis.models.influence_clouds import Cloud, cloud_rows
from analysis.models.influence_cumulative import cumulative_rows
from analysis.models.influence_deletion import BROKEN, Deletion, without_effects, without_studies
from analysis.models.influence_rows import effect_rows, study_rows
from analysis.vocabulary import HUNTER_SCHMIDT

TABLES = ("influence", "influence_clusters", "cumulative", "gosh", "gosh_clusters")
# Subsets at most: all of those of fourteen studies, or a sample that shows a cloud's shape in well under a second.
SUBSETS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluenceTables:
    """`tables` by name, each as its schema says, and `notes`, sentences that a reader of them must see."""

    tables: dict[str, list[Record]]
    notes: tuple[str, ...]


def build_influence_tables(
    model: EstimatedModel, *, seed: int, subsets: int = SUBSETS, cumulative_by: str | None = None
) -> InfluenceTables:
    """Build every table of influence; what these effects cannot give is empty, and a sentence says why.

    Parameters
    ----------
    model : EstimatedModel
    seed : int
        Of random subsets.
    subsets : int
        GOSH looks at all subsets where there are no more than this, else at so many random ones.
    cumulative_by : str, optional
        Column whose values set the order of accumulation; by default the year where every effect has one, else
        precision.

    Raises
    ------
    ConfigError
        `cumulative_by` that names no column, or one that cannot order the effects.
    """
    if model.row.method == HUNTER_SCHMIDT:
        said = (
            f"There are no tables of influence for {HUNTER_SCHMIDT}: its weights are no variances. Use another method."
        )
        return InfluenceTables(tables={name: [] for name in TABLES}, notes=(said,))
    # Effects a billion times more precise than others, or all alike, divide by nothing: what is no number is empty.
    with np.errstate(all="ignore"):
        return _build(model, subsets, seed, cumulative_by)


def _build(model: EstimatedModel, subsets: int, seed: int, cumulative_by: str | None) -> InfluenceTables:
    effects, about_effects = _attempt("Leaving out single effects", without_effects, model)
    studies, about_studies = _by_study(model)
    accumulated, about_steps = _accumulated(model, cumulative_by)
    cloud, about_cloud = _cloud(model, subsets, seed)
    tables = {
        "influence": effect_rows(model, effects),
        "influence_clusters": study_rows(model, studies) if _has_clusters(model) else [],
        "cumulative": accumulated,
        "gosh": cloud.points,
        "gosh_clusters": cloud.clusters,
    }
    notes = (*about_effects, *about_studies, *about_steps, *about_cloud)
    return InfluenceTables(tables=tables, notes=tuple(dict.fromkeys(notes)))


def _has_clusters(model: EstimatedModel) -> bool:
    return isinstance(model, DependentModel) or len(model.effects) > model.n_studies


def _attempt(
    what: str, compute: Callable[[EstimatedModel], Deletion], model: EstimatedModel
) -> tuple[Deletion | None, tuple[str, ...]]:
    """What `compute` finds and says; where it cannot, None and the reason."""
    try:
        found = compute(model)
    except ToolkitError as error:
        return None, (f"{what}: {error}",)
    except BROKEN:
        return None, (f"{what}: these effects are too close to singular to compute with. Check their variances.",)
    return found, found.notes


def _by_study(model: EstimatedModel) -> tuple[Deletion | None, tuple[str, ...]]:
    return _attempt("Leaving out studies", without_studies, model) if _has_clusters(model) else (None, ())


def _accumulated(model: EstimatedModel, by: str | None) -> tuple[list[Record], tuple[str, ...]]:
    try:
        return cumulative_rows(model, by)
    except ConfigError:
        raise
    except ToolkitError as error:
        return [], (f"Adding effects one by one: {error}",)


def _cloud(model: EstimatedModel, subsets: int, seed: int) -> tuple[Cloud, tuple[str, ...]]:
    try:
        cloud = cloud_rows(model, subsets=subsets, seed=seed)
    except ToolkitError as error:
        return Cloud(points=[], clusters=[], notes=()), (f"GOSH: {error}",)
    return cloud, cloud.notes
