"""Variance components estimated anew without each set of effects, from the optimum of all effects."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from analysis.covariance import Clusters
from analysis.frequentist.mixed_likelihood import MixedData, Stack
from analysis.frequentist.mixed_optimiser import Summit, Surface, climb, maximise
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_sets import Place, places, reduced
from analysis.frequentist.multilevel import build_surface, full_rank, identified, starting_values
from analysis.frequentist.structures import Parameters
from analysis.results import Array, BoolArray, IntArray

# Share of the largest variance that is given to every direction of a starting covariance: from a singular one no
# climb can leave, because there the likelihood is flat in its factor.
RIDGE = 1e-2


class Refits(NamedTuple):
    """For J sets: coefficients (J, p), covariance (J, p, p) in the basis, entries (J, m), whether it settled (J,)."""

    b: Array
    inverse: Array
    entries: Array
    converged: BoolArray


def refit(fit: MultilevelFit, data: MixedData, clusters: Clusters, possible: BoolArray) -> Refits:
    """Climb without every set that is `possible` (J,); not a number without the others."""
    J, p, m = clusters.number, data.p, data.m
    found = Refits(
        np.full((J, p), np.nan), np.full((J, p, p), np.nan), np.full((J, m), np.nan), np.zeros(J, dtype=bool)
    )
    for rows in clusters.rows:
        codes = clusters.codes[rows[:, 0]]
        for place in places(data, rows):
            for one, index in enumerate(place.members):
                code = int(codes[index])
                if possible[code]:
                    without = _without(data, place, one)
                    _climb(fit, without, clusters.codes != code, found, code)
    return found


def _without(data: MixedData, place: Place, one: int) -> MixedData:
    """The data with one set turned into effects of unit variance that take no part."""
    stack, j, at = data.stacks[place.stack], int(place.cluster[one]), place.position[one]
    U, V, K = stack.U.copy(), stack.V.copy(), stack.K.copy()
    U[j, at] = 0.0
    V[j, at, :], V[j, :, at] = 0.0, 0.0
    V[j, at, at] = 1.0
    K[:, j, at, :], K[:, j, :, at] = 0.0, 0.0
    rows: IntArray = stack.rows.copy()
    rows[j, at] = -1
    changed = Stack(rows=rows, U=U, V=V, K=K)
    stacks = (*data.stacks[: place.stack], changed, *data.stacks[place.stack + 1 :])
    return replace(data, stacks=stacks, k=data.k - len(at))


def _climb(fit: MultilevelFit, data: MixedData, keep: BoolArray, found: Refits, code: int) -> None:
    """Write the optimum without one set into row `code` of `found`."""
    model = reduced(fit.model, keep)
    free = np.array([level.number > 1 for level in model.levels], dtype=bool)
    parameters = Parameters(free=free, structure=fit.model.structure)
    surface = build_surface(data, parameters)
    warm = _warm(fit, parameters)
    if not identified(data, surface, parameters, warm):
        return
    summit = climb(surface, warm)
    if summit is None or not _alone(fit, surface, summit):
        optimum = maximise(surface, [warm, *starting_values(data, parameters)])
        if optimum is None:
            return
        summit = optimum.summit
    found.b[code], found.inverse[code] = summit.at.b, summit.at.inverse
    found.entries[code] = parameters.map(summit.parameters).entries
    found.converged[code] = summit.converged


def _warm(fit: MultilevelFit, parameters: Parameters) -> Array:
    """The optimum of all effects as a start."""
    unit = fit.model.unit
    if fit.G is None:
        return parameters.at(fit.sigma2 / unit**2, None)
    G = fit.G / unit**2
    ridge = RIDGE * max(float(np.diag(G).max()), RIDGE) * np.eye(len(G))
    return parameters.at(fit.sigma2 / unit**2, G + ridge)


def _alone(fit: MultilevelFit, surface: Surface, summit: Summit) -> bool:
    """Whether a climb ended on a top beside which no other is sought.

    That is, random intercepts whose starts all agreed for all effects, and a top that no limit holds. Structures have
    several tops too often; they are climbed from the starts of a first fit as well.
    """
    if fit.G is not None or fit.convergence.lesser:
        return False
    at, free = summit.parameters, surface.upper > surface.lower
    inside = (at > surface.lower) & (at < surface.upper)
    H = summit.local.observed[np.ix_(free, free)]
    return summit.converged and bool(inside[free].all()) and full_rank(H, np.diag(H))
