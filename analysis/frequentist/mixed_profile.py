"""Profile likelihood of the variances and correlations of a multilevel or multivariate model.

The limits of a component are the values at which twice the log-likelihood, maximised over all other components, has
dropped by the critical value of chi-squared with one degree of freedom (Hardy & Thompson 1996, Stat. Med. 15, 619-629;
metafor's `confint` and `profile` of `rma.mv`).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

from analysis.errors import ConvergenceError, ModelError
from analysis.frequentist.mixed_holding import Component, hold_component
from analysis.frequentist.mixed_optimiser import maximise
from analysis.frequentist.mixed_results import ComponentInterval, MultilevelFit, ProfileCurve
from analysis.frequentist.multilevel import starting_values

# A variance this many times that of the effects has no likelihood left to lose: the limit is open.
CEILING = 1e8
# The profile may lie above the fit's own optimum by rounding; more means that the fit is not the highest optimum.
ABOVE = 1e-6


def component_names(fit: MultilevelFit) -> tuple[str, ...]:
    """Names of the components that were estimated, as `sigma2[study_id]`, `tau2[PD]`, `rho[AL, PD]`, `tau2`, `rho`."""
    return tuple(one.name for one in _components(fit))


def profile_interval(fit: MultilevelFit, component: str, *, level: float | None = None) -> ComponentInterval:
    """Confidence limits of one component.

    Parameters
    ----------
    fit : MultilevelFit
    component : str
        One of `component_names(fit)`.
    level : float, optional
        Per cent; the fit's own without.

    Returns
    -------
    ComponentInterval
        Squared units of the measure for a variance. The lower limit of a variance is 0, and a limit of a correlation
        the end of its range, where the likelihood has not dropped enough by then; an upper limit that the likelihood
        never closes is infinite, with a note.

    Raises
    ------
    ModelError
        A component that the model does not have or did not estimate, or a level outside (0, 100).
    ConvergenceError
        The likelihood did not settle at some value of the component.
    """
    reach = fit.level if level is None else level
    if not 0.0 < reach < 100.0:
        raise ModelError(f"level {reach:g} of an interval: give per cent between 0 and 100.")
    one = _find(fit, component)
    estimate, unit = _estimate(fit, one), fit.model.unit**2 if one.kind != "rho" else 1.0
    height, drop = _profiler(fit, one), 0.5 * float(chdtri(1.0, 1.0 - reach / 100.0))
    top, notes = _top(fit), []

    def spare(value: float) -> float:
        return height(value) - top + drop

    start = 0.0 if np.isnan(estimate) else estimate / unit
    low, high = _range(fit, one)
    lb = low if start <= low or spare(low) >= 0.0 else _root(spare, low, start)
    if one.kind == "rho":
        ub = high if start >= high or spare(high) >= 0.0 else _root(spare, start, high)
    else:
        ub = _upper(spare, start)
    if np.isnan(estimate):
        notes.append("a variance is zero at the optimum, so the correlation is not determined by the fit.")
    if np.isinf(ub):
        notes.append("the likelihood never drops far enough for an upper limit: the data leave this variance open.")
    if max(height(value) for value in (lb, ub) if np.isfinite(value)) > top + ABOVE:
        notes.append("the profile rises above the fit, which is not the highest optimum.")
    return ComponentInterval(
        component=component, estimate=estimate, lb=lb * unit, ub=ub * unit, level=reach, notes=tuple(notes)
    )


def profile_intervals(fit: MultilevelFit, *, level: float | None = None) -> tuple[ComponentInterval, ...]:
    """Confidence limits of every component that was estimated."""
    return tuple(profile_interval(fit, name, level=level) for name in component_names(fit))


def profile(fit: MultilevelFit, component: str, grid: ArrayLike) -> ProfileCurve:
    """The profile log-likelihood at the values `grid` (g,) of one component, in its units.

    Raises
    ------
    ModelError
        An unknown component, or values that it cannot have.
    """
    one, values = _find(fit, component), np.atleast_1d(np.asarray(grid, dtype=float))
    unit = fit.model.unit**2 if one.kind != "rho" else 1.0
    low, high = _range(fit, one)
    bad = ~((values >= low * unit) & (values <= high * unit))
    if bad.any():
        raise ModelError(f"{component} cannot be {values[bad][0]:g}. Give values from {low:g} to {high:g}.")
    height, offset = _profiler(fit, one), fit.loglik - _top(fit)
    return ProfileCurve(
        component=component,
        values=values,
        loglik=np.array([height(value / unit) + offset for value in values.tolist()]),
        estimate=_estimate(fit, one),
        maximum=fit.loglik,
    )


def _components(fit: MultilevelFit) -> tuple[Component, ...]:
    parameters, structure = fit.model.parameters, fit.model.structure
    found = [
        Component(name=f"sigma2[{name}]", kind="sigma2", index=index)
        for index, (name, free) in enumerate(zip(fit.level_names, parameters.free, strict=True))
        if free
    ]
    if structure is None:
        return tuple(found)
    labels = structure.inner.labels
    free = structure.kind == "UN"
    if structure.kind == "CS":
        found.append(Component(name="tau2", kind="tau2", index=0))
    else:
        found += [
            Component(name=f"tau2[{name}]", kind="tau2", index=a, dimensions=(a,) if free else ())
            for a, name in enumerate(labels)
        ]
    if structure.kind in ("CS", "HCS"):
        found.append(Component(name="rho", kind="rho", index=0))
    if free:
        found += [
            Component(name=f"rho[{labels[a]}, {labels[b]}]", kind="rho", index=index, dimensions=(a, b))
            for index, (a, b) in enumerate(structure.pairs)
        ]
    return tuple(found)


def _find(fit: MultilevelFit, component: str) -> Component:
    known = _components(fit)
    for one in known:
        if one.name == component:
            return one
    raise ModelError(
        f'"{component}" is no component that this model estimated. Use one of {", ".join(one.name for one in known)}.'
    )


def _estimate(fit: MultilevelFit, one: Component) -> float:
    return float({"sigma2": fit.sigma2, "tau2": fit.tau2, "rho": fit.rho}[one.kind][one.index])


def _top(fit: MultilevelFit) -> float:
    """Log-likelihood of the fit on the scale of its data."""
    data = fit.model.data
    return fit.loglik + (data.k - data.p if data.restricted else data.k) * float(np.log(fit.model.unit))


def _range(fit: MultilevelFit, one: Component) -> tuple[float, float]:
    """Values that the component can have, on the scale of the data."""
    if one.kind != "rho":
        return 0.0, np.inf
    if one.dimensions:
        return -1.0, 1.0
    lower, upper = fit.model.parameters.bounds()
    return float(lower[-1]), float(upper[-1])


def _profiler(fit: MultilevelFit, one: Component) -> Callable[[float], float]:
    """The highest log-likelihood at a value of the component, on the scale of the data; remembers what it was asked."""
    known: dict[float, float] = {}
    model, plain = fit.model, starting_values(fit.model.data, fit.model.parameters)[0]

    def height(value: float) -> float:
        if value not in known:
            hold = hold_component(model, one, value, plain)
            optimum = maximise(hold.surface, hold.starts)
            if optimum is None or not optimum.summit.converged:
                raise ConvergenceError(
                    f"the likelihood did not settle with {one.name} held at a value. Use a simpler structure, or the "
                    "interval of another component."
                )
            known[value] = optimum.summit.height
        return known[value]

    return height


def _root(spare: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(spare, low, high, xtol=1e-14, rtol=1e-12, maxiter=200))


def _upper(spare: Callable[[float], float], start: float) -> float:
    """The upper limit of a variance, looked for in steps that double from its estimate."""
    inside, outside = start, max(2.0 * start, 1e-3)
    while spare(outside) >= 0.0:
        inside, outside = outside, 2.0 * outside
        if outside > CEILING:
            return float("inf")
    return _root(spare, inside, outside)
