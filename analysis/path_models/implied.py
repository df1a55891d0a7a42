"""The correlations that a standardised path model implies, and what its coefficients mean for effects.

Both are polynomials in the parameters, so that a complex step gives derivatives without rounding error (Squire &
Trapp 1998, SIAM Review 40, 110-112).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from analysis.errors import ModelError
from analysis.path_models.syntax import PathModel
from analysis.results import Array, IntArray

# Small enough that its square vanishes beside 1, so that the imaginary part is the derivative.
STEP = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Positions of a model's q parameters: paths, correlations of exogenous variables, covariances of disturbances."""

    model: PathModel
    names: tuple[str, ...]
    paths: tuple[tuple[int, int], ...]
    exogenous: tuple[tuple[int, int], ...]
    disturbances: tuple[tuple[int, int], ...]
    cells: IntArray

    @property
    def q(self) -> int:
        """Parameters."""
        return len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A sum of products of paths: `kind` direct, indirect, total indirect or total; `chains` positions of paths."""

    kind: str
    source: str
    outcome: str
    name: str
    chains: tuple[tuple[int, ...], ...]

    def value(self, theta: Any) -> Any:
        """Value at parameters (..., q)."""
        return sum(np.prod(theta[..., list(chain)], axis=-1) for chain in self.chains)


def build_structure(model: PathModel, variables: tuple[str, ...], pairs: IntArray) -> Structure:
    """Name the parameters, and find the cells (2, m) of the implied matrix that the `pairs` of `variables` are.

    Raises
    ------
    ModelError
        Variables of the model and of the correlations are not the same.
    """
    if set(variables) != set(model.variables):
        raise ModelError(
            f"the model is about {', '.join(sorted(model.variables))}, the correlations about "
            f"{', '.join(sorted(variables))}. Give the same variables to both."
        )
    place = {name: position for position, name in enumerate(model.variables)}
    free = tuple(combinations(model.exogenous, 2))
    names = (
        *(f"{outcome} ~ {predictor}" for outcome, predictor in model.paths),
        *(f"{a} ~~ {b}" for a, b in (*free, *model.disturbances)),
    )
    order = np.array([place[name] for name in variables])

    def positions(relations: tuple[tuple[str, str], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((place[a], place[b]) for a, b in relations)

    return Structure(
        model=model,
        names=names,
        paths=positions(model.paths),
        exogenous=positions(free),
        disturbances=positions(model.disturbances),
        cells=order[pairs].T,
    )


def implied_matrix(structure: Structure, theta: Any) -> Any:
    """Implied correlation matrix (..., p, p) at parameters (..., q), variables in the model's order.

    An outcome correlates with what stands before it by its paths (Wright's tracing, one variable after the other), and
    by its disturbance's covariance with theirs; its own variance is 1, whatever that leaves unexplained.
    """
    p, shape = len(structure.model.variables), theta.shape[:-1]
    B, P, R = (np.zeros((*shape, p, p), dtype=theta.dtype) for _ in range(3))
    R[..., range(p), range(p)] = 1.0
    split = len(structure.paths) + len(structure.exogenous)
    for position, (outcome, predictor) in enumerate(structure.paths):
        B[..., outcome, predictor] = theta[..., position]
    for position, (a, b) in enumerate(structure.exogenous, start=len(structure.paths)):
        R[..., a, b] = R[..., b, a] = theta[..., position]
    for position, (a, b) in enumerate(structure.disturbances, start=split):
        P[..., a, b] = P[..., b, a] = theta[..., position]
    T = np.linalg.inv(np.eye(p) - B)
    for y in range(len(structure.model.exogenous), p):
        before = (R[..., :y, :y] @ B[..., y, :y, None] + T[..., :y, :y] @ P[..., :y, y, None])[..., 0]
        R[..., y, :y] = R[..., :y, y] = before
    return R


def implied(structure: Structure, theta: Any) -> Any:
    """Implied correlations (..., m), in the order of the pairs that the structure was built for."""
    return implied_matrix(structure, theta)[..., structure.cells[0], structure.cells[1]]


def jacobian(function: Callable[[Any], Any], theta: Array) -> Array:
    """Derivatives of `function` by each of the q parameters: (q,) for a number, (m, q) for m of them."""
    moved = function(theta + 1j * STEP * np.eye(len(theta)))
    value: Array = np.imag(moved) / STEP
    return value.T


def effects_of(structure: Structure) -> tuple[Effect, ...]:
    """Every direct, specific indirect, total indirect and total effect of one variable on another."""
    place = {f"{outcome} ~ {cause}": number for number, (outcome, cause) in enumerate(structure.model.paths)}
    variables, found = structure.model.variables, []
    for source, outcome in combinations(variables, 2):
        ways = structure.model.chains(source, outcome)
        chains = [tuple(place[f"{b} ~ {a}"] for a, b in pairwise(way)) for way in ways]
        indirect = [chain for chain in chains if len(chain) > 1]
        for way, chain in zip(ways, chains, strict=True):
            kind = "direct" if len(chain) == 1 else "indirect"
            found.append(_effect(kind, source, outcome, " -> ".join(way), [chain]))
        if len(indirect) > 1:
            found.append(_effect("total indirect", source, outcome, f"{source} -> ... -> {outcome}", indirect))
        if indirect:
            found.append(_effect("total", source, outcome, f"{source} => {outcome}", chains))
    return tuple(found)


def _effect(kind: str, source: str, outcome: str, name: str, chains: list[tuple[int, ...]]) -> Effect:
    return Effect(kind=kind, source=source, outcome=outcome, name=name, chains=tuple(chains))
