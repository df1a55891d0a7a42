"""Covariances of the sampling errors of effects from one study, from what the study reports of their correlations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.covariance import BlockCovariance, Clusters, group_effects
from analysis.errors import DataError, ImpossibleValueError, ModelError, Problem
from analysis.measures.correlated import (
    Comparisons,
    Label,
    Rho,
    correlate_comparisons,
    correlate_measures,
    correlation_table,
)
from analysis.measures.nearest import nearest_correlation
from analysis.results import Array, IntArray

# A block of correlations whose smallest eigenvalue is below this cannot be told from a singular one.
SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingCovariance:
    """Sampling covariance V of k effects.

    Attributes
    ----------
    covariance : BlockCovariance
        V by its blocks: clusters, or subgroups of clusters where these are given.
    notes : tuple of str
        Every repaired block: which cluster, and the largest change of a correlation.
    smallest_eigenvalue : float
        The smallest of any block of the correlations behind `covariance`.
    """

    covariance: BlockCovariance
    notes: tuple[str, ...]
    smallest_eigenvalue: float


def vcalc(
    vi: ArrayLike,
    cluster: ArrayLike,
    *,
    subgroup: ArrayLike | None = None,
    obs: ArrayLike | None = None,
    type: ArrayLike | None = None,
    time1: ArrayLike | None = None,
    time2: ArrayLike | None = None,
    grp1: ArrayLike | None = None,
    grp2: ArrayLike | None = None,
    w1: ArrayLike | None = None,
    w2: ArrayLike | None = None,
    rho: Rho | tuple[Rho, Rho] | None = None,
    phi: float | None = None,
    rvars: ArrayLike | None = None,
    nearpd: bool = False,
) -> SamplingCovariance:
    """Sampling covariances of effects that share a sample, in the words of metafor's `vcalc`.

    Parameters
    ----------
    vi : (k,)
        Sampling variances.
    cluster : (k,)
        Effects of different clusters do not covary.
    subgroup : (k,), optional
        Parts of a cluster with samples of their own, which do not covary.
    obs, type : (k,), optional
        Observation (such as the instrument) and type of measure (such as the construct). Two effects of one type
        correlate by the rho of `obs`, of two types by the rho of `type`.
    time1, time2 : (k,), optional
        When the first and the second group were measured, in the unit of `phi`; `time2` is `time1` unless given.
    grp1, grp2 : (k,), optional
        Groups compared. Effects that share a group (a control group) correlate.
    w1, w2 : (k,), optional
        Sizes of the groups; equal unless given, `w2` as `w1`.
    rho : number, NamedCorrelations, or a pair of them, optional
        Correlation between observations, or between types; with both `obs` and `type` the pair of them, in this order.
        Alone, without any other variable, the one correlation between all effects of a cluster (metafor asks for an
        `obs` that differs between all of them).
    phi : float, optional
        Correlation of a group's means one unit of time apart.
    rvars : (k, m), optional
        Correlations as columns: in the row of the i-th effect of a cluster those with the first i effects of it.
        Replaces everything but `cluster` and `subgroup`.
    nearpd : bool
        Replace a block that is not positive definite by the nearest that is, and say so in `notes`.

    Returns
    -------
    SamplingCovariance

    Raises
    ------
    ImpossibleValueError
        A variance that is not positive and finite.
    DataError
        A variable of another length or with missing values, or without its companion (`type` without `rho`).
    ModelError
        Correlations that no effects can have: beyond 1, or not positive definite without `nearpd`, by cluster.
    """
    variances = _variances(vi)
    k = len(variances)
    given = {"obs": obs, "type": type, "time1": time1, "time2": time2, "grp1": grp1, "grp2": grp2, "w1": w1, "w2": w2}
    columns = {name: _column(name, values, k) for name, values in given.items() if values is not None}
    names = _names(_column("cluster", cluster, k), None if subgroup is None else _column("subgroup", subgroup, k))
    clusters = group_effects(names)
    if rvars is not None:
        if columns or rho is not None or phi is not None:
            raise ModelError("rvars says all correlations. Give it without obs, type, time, groups, rho and phi.")
        blocks = _listed(clusters, rvars)
    else:
        blocks = _derived(clusters, columns, rho, phi)
    blocks, notes, smallest = _positive(blocks, clusters, names, nearpd)
    return SamplingCovariance(
        covariance=BlockCovariance(
            clusters=clusters,
            blocks=tuple(_scale(block, part) for block, part in zip(blocks, clusters.split(variances), strict=True)),
        ),
        notes=notes,
        smallest_eigenvalue=smallest,
    )


def _variances(vi: ArrayLike) -> Array:
    variances = np.asarray(vi, dtype=float)
    bad = np.flatnonzero(~((variances > 0.0) & (variances < np.inf)))
    if len(bad):
        raise ImpossibleValueError(
            [
                Problem(f"effect {row + 1}", f"vi is {variances[row]}; a sampling variance is > 0.", "Exclude it.")
                for row in bad[:20]
            ]
        )
    return variances


def _column(name: str, values: ArrayLike, k: int) -> NDArray[np.generic]:
    column = np.asarray(values)
    if column.shape != (k,):
        raise DataError(f"{name} has shape {column.shape} for {k} effects. Give one value per effect.")
    missing = np.array([value is None or value != value for value in column.tolist()], dtype=bool)
    if missing.any():
        raise DataError(
            f"{name} is missing for effect {int(np.argmax(missing)) + 1}. Fill it in or exclude the effect."
        )
    return column


def _names(cluster: NDArray[np.generic], subgroup: NDArray[np.generic] | None) -> NDArray[np.str_]:
    """What a block is called, (k,)."""
    if subgroup is None:
        return cluster.astype(str)
    return np.array([f"{one}, subgroup {two}" for one, two in zip(cluster, subgroup, strict=True)])


def _derived(
    clusters: Clusters,
    columns: dict[str, NDArray[np.generic]],
    rho: Rho | tuple[Rho, Rho] | None,
    phi: float | None,
) -> list[Array]:
    k = clusters.k
    by_obs, by_type = _two_rho(columns, rho)
    if not columns and rho is not None:
        columns = {"obs": np.arange(k)}
    _refuse_lonely(columns, phi)
    obs, obs_levels = _levels(columns.get("obs"), k)
    types, type_levels = _levels(columns.get("type"), k)
    obs_table, type_table = (
        correlation_table(by_obs, obs_levels, "obs"),
        correlation_table(by_type, type_levels, "type"),
    )
    compared = _compared(columns, k, 1.0 if phi is None else float(phi))
    blocks = []
    for rows in clusters.rows:
        shared = correlate_comparisons(compared.take(rows))
        if np.isnan(shared).any():
            effect = int(rows[np.isnan(np.diagonal(shared, axis1=1, axis2=2))][0])
            raise ModelError(f"effect {effect + 1} compares a group with itself at one time. Correct grp1 or grp2.")
        blocks.append(shared * correlate_measures(obs[rows], types[rows], obs_table, type_table))
    return blocks


def _two_rho(columns: dict[str, NDArray[np.generic]], rho: Rho | tuple[Rho, Rho] | None) -> tuple[Rho, Rho]:
    """Rho of `obs` and of `type`; zero for the one that is not asked for."""
    asked = [name for name in ("obs", "type") if name in columns]
    if len(asked) == 2:
        if not isinstance(rho, tuple | list) or len(rho) != 2:
            raise DataError("obs and type are given, but not two rho. Give rho=(between observations, between types).")
        return rho[0], rho[1]
    if isinstance(rho, tuple | list):
        raise DataError("two rho are given for one variable. Give both obs and type, or one rho.")
    if rho is None:
        if asked:
            raise DataError(f"{asked[0]} is given without rho. Give the correlation between its levels.")
        return 0.0, 0.0
    if not asked and columns:
        raise DataError(f"rho is given with {', '.join(columns)} but without obs or type. Say what it lies between.")
    return (0.0, rho) if asked == ["type"] else (rho, 0.0)


def _refuse_lonely(columns: dict[str, NDArray[np.generic]], phi: float | None) -> None:
    """Refuse a variable without the one it only makes sense with."""
    for name, companion in (("time2", "time1"), ("grp2", "grp1"), ("w2", "w1"), ("time2", "grp2"), ("w2", "grp2")):
        if name in columns and companion not in columns:
            raise DataError(f"{name} is given without {companion}. Give both.")
    if ("time1" in columns) != (phi is not None):
        raise DataError("time1 and phi go together: the times, and the correlation one unit apart. Give both.")
    if phi is not None and not -1.0 <= phi <= 1.0:
        raise ModelError(f"phi is {phi}; a correlation lies between -1 and 1. Correct it.")


def _levels(column: NDArray[np.generic] | None, k: int) -> tuple[IntArray, list[Label]]:
    if column is None:
        return np.zeros(k, dtype=int), [0]
    levels, codes = np.unique(column, return_inverse=True)
    return codes.reshape(-1), levels.tolist()


def _compared(columns: dict[str, NDArray[np.generic]], k: int, phi: float) -> Comparisons:
    """Groups as codes with one meaning, times and weights as numbers, (k,), with what is not given filled in."""
    if "grp1" in columns:
        second = columns.get("grp2")
        joined = columns["grp1"] if second is None else np.concatenate([columns["grp1"], second])
        codes = np.unique(joined, return_inverse=True)[1].reshape(-1)
        grp1, grp2 = codes[:k], (np.full(k, -1) if second is None else codes[k:])
    else:
        grp1, grp2 = np.zeros(k, dtype=int), np.full(k, -1)
    time1, w1 = _numbers(columns, "time1", np.zeros(k)), _numbers(columns, "w1", np.ones(k))
    time2, w2 = _numbers(columns, "time2", time1), _numbers(columns, "w2", w1)
    if not (np.concatenate([w1, w2]) > 0.0).all():
        raise DataError("w1 or w2 is not above zero everywhere. Give the sizes of the groups.")
    return Comparisons(grp1=grp1, grp2=grp2, time1=time1, time2=time2, w1=w1, w2=w2, phi=phi)


def _numbers(columns: dict[str, NDArray[np.generic]], name: str, default: Array) -> Array:
    if name not in columns:
        return default
    try:
        return columns[name].astype(float)
    except ValueError as error:
        raise DataError(f"{name} holds something that is not a number ({error}). Give numbers.") from error


def _listed(clusters: Clusters, rvars: ArrayLike) -> list[Array]:
    table = np.asarray(rvars, dtype=float)
    longest = clusters.rows[-1].shape[1]
    if table.ndim != 2 or len(table) != clusters.k or table.shape[1] < longest:
        raise DataError(
            f"rvars has shape {table.shape}. Give one row per effect and {longest} columns, as many as the largest "
            "cluster has effects."
        )
    blocks = []
    for rows in clusters.rows:
        lower = np.tril(table[rows][:, :, : rows.shape[1]], -1)
        blocks.append(lower + np.swapaxes(lower, 1, 2) + np.eye(rows.shape[1]))
        if not (np.abs(blocks[-1]) <= 1.0).all():
            raise ModelError("rvars holds something that is not a correlation between -1 and 1. Correct it.")
    return blocks


def _positive(
    blocks: list[Array], clusters: Clusters, names: NDArray[np.str_], nearpd: bool
) -> tuple[list[Array], tuple[str, ...], float]:
    """The blocks, repaired where they must be; what was repaired; the smallest eigenvalue that is left."""
    notes, repaired, smallest = [], [], np.inf
    for rows, block in zip(clusters.rows, blocks, strict=True):
        values = np.linalg.eigvalsh(block)[:, 0]
        bad = values <= SINGULAR
        if bad.any() and not nearpd:
            said = "; ".join(
                f"{name} (smallest eigenvalue {value:.3g})"
                for name, value in zip(names[rows[bad, 0]][:5], values[bad][:5], strict=True)
            )
            raise ModelError(
                f"cluster {said}: the correlations are not positive definite ({int(bad.sum())} clusters of this size). "
                "Give other correlations, or nearpd=True for the nearest possible ones."
            )
        if bad.any():
            mended = nearest_correlation(block[bad])
            change = np.abs(mended - block[bad]).max((1, 2))
            notes += [
                f"cluster {name}: correlations that are not positive definite (smallest eigenvalue {value:.3g}) were "
                f"replaced by the nearest that are (Higham 2002); the largest change is {moved:.3g}."
                for name, value, moved in zip(names[rows[bad, 0]], values[bad], change, strict=True)
            ]
            block = block.copy()
            block[bad] = mended
            values = np.linalg.eigvalsh(block)[:, 0]
        repaired.append(block)
        smallest = min(smallest, float(values.min()))
    return repaired, tuple(notes), smallest


def _scale(R: Array, vi: Array) -> Array:
    """Correlations (J, n, n) and variances (J, n) to covariances, with the variances as they were given."""
    sei = np.sqrt(vi)
    covariance: Array = R * sei[:, :, None] * sei[:, None, :]
    return np.where(np.eye(R.shape[1], dtype=bool), vi[:, :, None], covariance)
