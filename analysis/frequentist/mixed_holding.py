"""The likelihood of a multilevel or multivariate model with one variance or correlation held at a value.

A component is held by closing the box of the optimiser around it. For an unstructured G = L L' the dimension in
question comes first, so that its variance is the square of the first entry of L; for a correlation both of its
dimensions come first, and the second row of L is `s (rho, sqrt(1 - rho^2))` with s free. So every G that has the held
value, a singular one included, is reached without a constraint.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from analysis.frequentist.mixed_likelihood import MixedData
from analysis.frequentist.mixed_optimiser import Local, Surface
from analysis.frequentist.mixed_results import MixedModel
from analysis.frequentist.multilevel import build_surface
from analysis.results import Array, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A variance or correlation: its kind, its place among its kind, and its dimensions in an unstructured G."""

    name: str
    kind: str
    index: int
    dimensions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A likelihood with one component held, and where to start."""

    surface: Surface
    starts: list[Array]


def hold_component(model: MixedModel, one: Component, value: float, plain: Array) -> Hold:
    """Hold one component at a value on the scale of the data; starts are the model's optimum and `plain`, moved."""
    return (_hold_row if one.dimensions else _hold_place)(model, one, value, plain)


def _hold_place(model: MixedModel, one: Component, value: float, plain: Array) -> Hold:
    """Hold a parameter that is the component itself, or its square root (`HCS`)."""
    parameters = model.parameters
    place = one.index if one.kind == "sigma2" else parameters.levels + one.index
    if one.kind == "rho":
        place = len(model.at) - 1
    squared = one.kind == "tau2" and parameters.kind == "HCS"
    held = float(np.sqrt(value)) if squared else value
    surface = build_surface(model.data, parameters)
    lower, upper, starts = surface.lower.copy(), surface.upper.copy(), [model.at.copy(), plain.copy()]
    for values in (lower, upper, *starts):
        values[place] = held
    return Hold(surface=replace(surface, lower=lower, upper=upper), starts=starts)


def _hold_row(model: MixedModel, one: Component, value: float, plain: Array) -> Hold:
    """Hold a variance or a correlation of an unstructured G."""
    parameters, structure = model.parameters, model.structure
    assert structure is not None
    q, levels = structure.inner.number, parameters.levels
    order = [*one.dimensions, *(a for a in range(q) if a not in one.dimensions)]
    surface = build_surface(_relabelled(model, order), parameters)
    root = _triangle(parameters.between(parameters.map(model.at).entries)[np.ix_(order, order)])
    first = np.concatenate([model.at[:levels], np.diag(root), [root[b, a] for a, b in structure.pairs]])
    below = {pair: levels + q + index for index, pair in enumerate(structure.pairs)}
    A = np.eye(len(first))
    lower, upper, starts = surface.lower.copy(), surface.upper.copy(), [first, plain.copy()]
    held: dict[int, float] = {}
    if one.kind == "tau2":
        held[levels] = float(np.sqrt(value))
        idle = 0 if value == 0.0 else None
    else:
        scale = float(np.sqrt((1.0 - value) * (1.0 + value)))
        A[[levels + 1, below[0, 1]], levels + 1] = scale, value
        for start in starts:
            start[levels + 1] = np.hypot(start[levels + 1], start[below[0, 1]])
        A[below[0, 1], below[0, 1]] = held[below[0, 1]] = 0.0
        # A negative s, or first entry, would turn the sign of the correlation.
        lower[[levels, levels + 1]] = 0.0
        idle = 1 if scale == 0.0 else None
    if idle is not None:
        # A column of L whose diagonal is zero adds nothing that later columns cannot: left free it would be a ridge.
        held |= {below[idle, b]: 0.0 for b in range(idle + 1, q) if (idle, b) in below}
    for place, fixed in held.items():
        for values in (lower, upper, *starts):
            values[place] = fixed
    return Hold(surface=_linear(surface, A, lower, upper), starts=starts)


def _linear(surface: Surface, A: Array, lower: Array, upper: Array) -> Surface:
    """The surface over parameters of which its own are `A` times."""

    def local(at: Array, point: object) -> Local:
        own = surface.local(A @ at, point)
        return Local(A.T @ own.gradient, A.T @ own.expected @ A, A.T @ own.observed @ A)

    return Surface(value=lambda at: surface.value(A @ at), local=local, lower=lower, upper=upper)


def _relabelled(model: MixedModel, order: list[int]) -> MixedData:
    """The data with the dimensions of an unstructured G in another order."""
    structure, levels = model.structure, model.parameters.levels
    assert structure is not None
    q = structure.inner.number
    entry = {(a, a): a for a in range(q)} | {pair: q + index for index, pair in enumerate(structure.pairs)}
    pairs = [(a, a) for a in range(q)] + list(itertools.combinations(range(q), 2))
    moved = [entry[min(order[a], order[b]), max(order[a], order[b])] for a, b in pairs]
    places: IntArray = np.concatenate([np.arange(levels), levels + np.array(moved)])
    return replace(model.data, stacks=tuple(replace(stack, K=stack.K[places]) for stack in model.data.stacks))


def _triangle(G: Array) -> Array:
    """Lower triangular L with L L' = G, for G that may be singular."""
    values, vectors = np.linalg.eigh(G)
    L: Array = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T, mode="r").T
    signs = np.where(np.diag(L) < 0.0, -1.0, 1.0)
    return L * signs
