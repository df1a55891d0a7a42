"""Climb a likelihood inside a box, from several starts, to where its score vanishes.

Newton's step where the observed information is positive definite, else Fisher's; parameters that a step would carry
out of the box stop at its side and the others are solved for again. Near the top Newton's step doubles the digits each
time, so the optimum is exact to rounding rather than to a threshold on the likelihood. Where the top is a ridge, as
that of a singular covariance whose factor can be turned without changing it, Newton's step is not defined along the
ridge and may zigzag below it; a climb that gets nowhere is then carried on by a quasi-Newton method and resumed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from analysis.results import Array, BoolArray

MAX_ITERATIONS = 50
HALVINGS = 40
# A step this small, relative to the parameter, changes nothing that is reported.
STEP = 1e-11
# Another start that comes this close to the top found before, in likelihood and relative to the parameters, agrees.
AGREEMENT = 1e-4
# A gradient this small, times the size of its parameter and over the height, is rounding.
FLAT = 1e-9
# So is a gain that Newton's step promises, over the height.
GAIN = 1e-14
# Turns of quasi-Newton and Newton for a climb that got nowhere.
RESUMPTIONS = 3
# Parameters live on the scale of the effects' variance, taken as 1; smaller ones are judged on this scale.
SMALL = 1e-6


class Local(NamedTuple):
    """Gradient (n,) and two informations (n, n) at a point: the expected and the observed one."""

    gradient: Array
    expected: Array
    observed: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A likelihood: `value` gives its height and whatever `local` needs (None outside the domain)."""

    value: Callable[[Array], tuple[float, Any] | None]
    local: Callable[[Array, Any], Local]
    lower: Array
    upper: Array


class Summit(NamedTuple):
    """Where a climb ended; `iterations` counts steps, `agrees` says that it stopped beside the top known before."""

    parameters: Array
    height: float
    at: Any
    local: Local
    iterations: int
    converged: bool
    agrees: bool


class Optimum(NamedTuple):
    """The highest of several summits."""

    summit: Summit
    iterations: int
    starts: int
    agreed: int
    lesser: tuple[float, ...]


def maximise(surface: Surface, starts: list[Array]) -> Optimum | None:
    """Climb from every start; None where none lies in the domain."""
    best: Summit | None = None
    heights, total = [], 0
    for start in starts:
        found = climb(surface, start, best)
        if found is None:
            continue
        if not found.converged:
            found = resume(surface, found)
        total += found.iterations
        heights.append(best.height if found.agrees and best is not None else found.height)
        if best is None or (found.height > best.height and not found.agrees):
            best = found
    if best is None:
        return None
    near = [abs(height - best.height) <= AGREEMENT for height in heights]
    lesser = tuple(height for height, close in zip(heights, near, strict=True) if not close)
    return Optimum(best, total, len(heights), sum(near), lesser)


def climb(surface: Surface, start: Array, known: Summit | None = None) -> Summit | None:
    """Climb from one start, stopping early beside a summit that is known."""
    at = np.clip(start, surface.lower, surface.upper)
    here = surface.value(at)
    if here is None:
        return None
    for step_number in range(MAX_ITERATIONS):
        local = surface.local(at, here[1])
        if known is not None and _beside(at, here[0], known):
            return Summit(at, here[0], here[1], local, step_number, True, True)
        step, convex = _step(surface, at, local)
        if convex and (np.abs(step) <= STEP * np.maximum(np.abs(at), SMALL)).all():
            return Summit(at, here[0], here[1], local, step_number, True, False)
        moved = _walk(surface, at, here[0], local, step)
        if moved is None:
            small = bool(np.abs(np.vdot(local.gradient, step)) <= 1e-9)
            return Summit(at, here[0], here[1], local, step_number, small, False)
        at, here = moved
    return Summit(at, here[0], here[1], surface.local(at, here[1]), MAX_ITERATIONS, False, False)


def resume(surface: Surface, found: Summit) -> Summit:
    """Carry on a climb that did not settle by L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995), then by Newton's steps again.

    A top that is flat in some direction is settled when its scaled gradient is at rounding.
    """
    for _ in range(RESUMPTIONS):
        again = climb(surface, _quasi_newton(surface, found))
        if again is None:
            break
        found = again._replace(iterations=found.iterations + again.iterations)
        if found.converged or _is_flat(surface, found):
            return found._replace(converged=True)
    return found


def _quasi_newton(surface: Surface, found: Summit) -> Array:
    from scipy.optimize import minimize

    def downhill(at: Array) -> tuple[float, Array]:
        here = surface.value(at)
        if here is None:
            return 1e10 * (1.0 + abs(found.height)), np.zeros_like(at)
        return -here[0], -surface.local(at, here[1]).gradient

    settings: dict[str, Any] = {
        "jac": True,
        "method": "L-BFGS-B",
        "bounds": list(zip(surface.lower, surface.upper, strict=True)),
        "options": {"maxcor": 30, "maxiter": 1000, "maxfun": 3000, "ftol": 1e-15, "gtol": 1e-9},
    }
    at: Array = minimize(downhill, found.parameters, **settings).x
    return at


def _is_flat(surface: Surface, found: Summit) -> bool:
    """Whether what is left to gain is rounding: by the gradient per size of the parameters, or by Newton's step."""
    at, g = found.parameters, found.local.gradient
    held = ((at <= surface.lower) & (g <= 0.0)) | ((at >= surface.upper) & (g >= 0.0))
    scaled = np.abs(g * np.maximum(np.abs(at), SMALL))[~held]
    if scaled.max(initial=0.0) <= FLAT * (1.0 + abs(found.height)):
        return True
    step, concave = _step(surface, at, found.local)
    return concave and abs(float(g @ step)) <= GAIN * (1.0 + abs(found.height))


def _beside(at: Array, height: float, known: Summit) -> bool:
    if abs(height - known.height) > AGREEMENT:
        return False
    return bool((np.abs(at - known.parameters) <= 0.01 * np.maximum(np.abs(known.parameters), 0.01)).all())


def _walk(
    surface: Surface, at: Array, height: float, local: Local, step: Array
) -> tuple[Array, tuple[float, Any]] | None:
    """Shorten the step until the likelihood gains; None where it never does."""
    rounding = 1e-13 * (1.0 + abs(height)) * 10.0
    for _ in range(HALVINGS):
        trial = np.clip(at + step, surface.lower, surface.upper)
        there = surface.value(trial)
        if there is not None and there[0] >= height - rounding + min(1e-4 * float(local.gradient @ (trial - at)), 1.0):
            return trial, there
        step = 0.5 * step
    return None


def _step(surface: Surface, at: Array, local: Local) -> tuple[Array, bool]:
    """The step inside the box, and whether the likelihood is concave there."""
    g = local.gradient
    free = ~(((at <= surface.lower) & (g <= 0.0)) | ((at >= surface.upper) & (g >= 0.0)))
    step = np.zeros_like(at)
    if not free.any():
        return step, True
    concave = _positive(local.observed[np.ix_(free, free)])
    H = local.observed if concave else local.expected
    moving = free.copy()
    for _ in range(len(at)):
        right = g[moving] - H[np.ix_(moving, ~moving)] @ step[~moving]
        step[moving] = _solve(H[np.ix_(moving, moving)], right)
        out = moving & ((at + step < surface.lower) | (at + step > surface.upper))
        if not out.any():
            break
        step[out] = np.clip(at + step, surface.lower, surface.upper)[out] - at[out]
        moving &= ~out
        if not moving.any():
            break
    if not concave and np.abs(step).max() <= 1e-7:
        step = _descend_curvature(local, free, step)
    return step, concave


def _descend_curvature(local: Local, free: BoolArray, step: Array) -> Array:
    """Leave a saddle along the direction of most negative information, to the side on which the likelihood rises."""
    values, vectors = np.linalg.eigh(local.observed[np.ix_(free, free)])
    if values[0] >= -1e-8 * max(abs(values[-1]), 1.0):
        return step
    away, direction = np.zeros_like(step), vectors[:, 0]
    rise = float(direction @ local.gradient[free])
    side = rise if abs(rise) > SMALL else direction[np.argmax(np.abs(direction))]
    away[free] = 0.3 * direction * np.sign(side)
    return away


def _positive(H: Array) -> bool:
    scale = np.sqrt(np.maximum(np.diag(H), 0.0))
    if (scale <= 0.0).any():
        return False
    return bool(np.linalg.eigvalsh(H / np.outer(scale, scale))[0] > 1e-10)


def _solve(H: Array, right: Array) -> Array:
    """Solve with a positive semidefinite matrix, directions without information left out."""
    scale = np.sqrt(np.maximum(np.diag(H), 1e-300))
    values, vectors = np.linalg.eigh(H / np.outer(scale, scale))
    kept = values > 1e-12
    inner = (vectors.T @ (right / scale)) * np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    solved: Array = (vectors @ inner) / scale
    return solved
