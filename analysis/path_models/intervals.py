"""Intervals of effects in a path model: by the delta method, by simulation, by profile of the discrepancy."""

from typing import Any, Final

import numpy as np
from scipy.special import chdtri, ndtri

from analysis.errors import ConvergenceError
from analysis.path_models.fitting import PathFit
from analysis.path_models.implied import Effect, effects_of, implied, jacobian
from analysis.results import Array

DRAWS: Final = 20_000
# Distance of the discrepancy from its bound that counts as reached.
REACHED: Final = 1e-6


def delta_interval(fit: PathFit, effect: Effect, *, level: float = 95.0) -> tuple[float, float, float]:
    """Standard error and limits by the delta method (Sobel 1982)."""
    gradient = jacobian(effect.value, fit.theta)
    se = float(np.sqrt(gradient @ fit.vb @ gradient))
    estimate, half = float(effect.value(fit.theta)), float(ndtri(0.5 + level / 200)) * se
    return se, estimate - half, estimate + half


def simulated_interval(
    fit: PathFit, effect: Effect, *, seed: int, draws: int = DRAWS, level: float = 95.0
) -> tuple[float, float]:
    """Percentiles of the effect at parameters drawn from their estimated law (MacKinnon et al. 2004)."""
    rng = np.random.default_rng(seed)
    theta = fit.theta + rng.standard_normal((draws, len(fit.theta))) @ np.linalg.cholesky(fit.vb).T
    tail = (100 - level) / 200
    lower, upper = np.quantile(effect.value(theta), (tail, 1 - tail))
    return float(lower), float(upper)


def profile_interval(fit: PathFit, effect: Effect, *, level: float = 95.0) -> tuple[float, float]:
    """Values of the effect that the discrepancy does not reject: Neale & Miller (1997).

    The limits are the least and the largest value of the effect among parameters whose discrepancy is at most the
    least one plus the chi-squared quantile on one degree of freedom.

    Raises
    ------
    ConvergenceError
        A limit was not found.
    """
    return _limit(fit, effect, level, -1.0), _limit(fit, effect, level, 1.0)


def _limit(fit: PathFit, effect: Effect, level: float, sign: float) -> float:
    from scipy.optimize import minimize

    root = np.linalg.cholesky(fit.vb)
    bound = float(chdtri(1.0, 1 - level / 100))
    least = fit.discrepancy(fit.theta)

    def room(u: Array) -> float:
        return bound + least - fit.discrepancy(fit.theta + root @ u)

    def room_slope(u: Array) -> Array:
        theta = fit.theta + root @ u
        e = fit.whitener @ (fit.r - implied(fit.structure, theta))
        value: Array = 2 * e @ fit.whitener @ jacobian(lambda t: implied(fit.structure, t), theta) @ root
        return value

    gradient = root.T @ jacobian(effect.value, fit.theta)
    size = float(np.linalg.norm(gradient))
    # Where every path of a chain is exactly zero there is no slope to follow.
    start = gradient / size * np.sqrt(bound) if size > 0 else np.full(len(gradient), 0.1)
    scale = max(size, 1e-3)
    constraint: Any = [{"type": "ineq", "fun": room, "jac": room_slope}]
    search: Any = minimize
    found = search(
        lambda u: -sign * float(effect.value(fit.theta + root @ u)) / scale,
        sign * start,
        jac=lambda u: -sign * root.T @ jacobian(effect.value, fit.theta + root @ u) / scale,
        constraints=constraint,
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-13},
    )
    if abs(room(found.x)) > REACHED:
        raise ConvergenceError(f"{effect.name}: a profile limit was not found. Use the simulated interval.")
    return float(effect.value(fit.theta + root @ found.x))


def effect_records(fit: PathFit, *, seed: int, draws: int = DRAWS, level: float = 95.0) -> list[dict[str, Any]]:
    """One record per effect and kind of interval: what it is, `estimate`, `se`, `interval`, `ci_lb`, `ci_ub`."""
    records = []
    for effect in effects_of(fit.structure):
        se, lower, upper = delta_interval(fit, effect, level=level)
        limits = {
            "delta": (lower, upper),
            "monte_carlo": simulated_interval(fit, effect, seed=seed, draws=draws, level=level),
            "profile": profile_interval(fit, effect, level=level),
        }
        about = {"kind": effect.kind, "source": effect.source, "outcome": effect.outcome, "effect": effect.name}
        numbers = {"estimate": float(effect.value(fit.theta)), "se": se}
        records += [
            {**about, **numbers, "interval": name, "ci_lb": low, "ci_ub": high} for name, (low, high) in limits.items()
        ]
    return records
