"""Intervals of single effects, of several estimates of one thing, and the distribution of true effects."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.errors import ModelError
from analysis.figures.axis import axis_name
from analysis.figures.estimates import EstimateRow, Legend, plot_estimates
from analysis.formatting import format_effect, format_interval, format_percent
from analysis.measures import escalc
from analysis.teaching.pictures import Picture, draw_curves

Z: Final = float(ndtri(0.975))
SIZES: Final = (10, 20, 50, 100, 200, 500)


def draw_correlations(r: float, *, sizes: Sequence[int] = SIZES, title: str = "") -> Picture:
    """95 % intervals of one correlation in studies of several sizes, by way of Fisher's z."""
    found = escalc("ZCOR", {"ri": [r] * len(sizes), "ni": list(sizes)})
    rows = [
        EstimateRow(f"n = {n}", y, y - Z * v**0.5, y + Z * v**0.5, False, "")
        for n, y, v in zip(sizes, found.yi.tolist(), found.vi.tolist(), strict=True)
    ]
    return _draw(rows, float(found.yi[0]), Legend("a study", "", "the correlation"), "ZCOR", 95.0, title)


def draw_estimates(
    found: Mapping[str, Any], *, measure: str, reference: float, title: str = "", flagged: Sequence[str] = ()
) -> Picture:
    """Pooled means under each other.

    Parameters
    ----------
    found : mapping of a name to a fit
        What has `beta`, `ci_lb`, `ci_ub` of one coefficient and a `level`.
    measure : str
    reference : float
        Place of the dashed line, in units of the measure.
    title : str
    flagged : sequence of str
        Names to set off.
    """
    rows = [
        EstimateRow(name, _only(fit.beta), _only(fit.ci_lb), _only(fit.ci_ub), name in flagged, "")
        for name, fit in found.items()
    ]
    level = float(next(iter(found.values())).level)
    return _draw(rows, reference, Legend("estimate", "set off", "for comparison"), measure, level, title)


def draw_true_effects(mu: float, tau: float, *, measure: str, title: str = "") -> Picture:
    """The normal distribution of true effects that a random-effects model states, and how much of it lies beyond zero.

    Raises
    ------
    ModelError
        When tau is not above 0: then all true effects are one.
    """
    if not tau > 0.0:
        raise ModelError(f"tau is {tau:g}: all true effects are the same. Give a tau above 0.")
    reach = max(abs(mu), 4.0 * tau)
    x = np.linspace(mu - 1.1 * reach, mu + 1.1 * reach, 401)
    density = np.exp(-0.5 * ((x - mu) / tau) ** 2) / (tau * np.sqrt(2.0 * np.pi))
    beyond = float(ndtr(-abs(mu) / tau))
    interval = format_interval(mu - Z * tau, mu + Z * tau, measure)
    said = f"95% of the true effects lie in {interval}; {_share(beyond)} have the other sign than the mean."
    picture = draw_curves(
        x,
        {"true effects": density},
        x_name=axis_name(measure).partition(" (")[0] if measure != "ZCOR" else "True effect, Fisher's z",
        y_name="density",
        marks={"mean": mu, "no effect": 0.0},
        title=title,
        alt=f"Normal density of true effects around {format_effect(mu, measure)}. {said}",
    )
    return Picture(figure=picture.figure, alt=picture.alt, caption=said)


def _share(part: float) -> str:
    return "fewer than 0.1%" if part < 0.001 else format_percent(100 * part)


def _only(value: Any) -> float:
    return float(np.ravel(value)[0])


def _draw(
    rows: Sequence[EstimateRow], reference: float, legend: Legend, measure: str, level: float, title: str
) -> Picture:
    figure = plot_estimates(rows, reference=reference, legend=legend, measure=measure, level=level, title=title)
    said = "; ".join(
        f"{row.label}: {format_effect(row.estimate, measure)} {format_interval(row.ci_lb, row.ci_ub, measure)}"
        for row in rows
    )
    return Picture(figure=figure, alt=f"Estimates with their intervals. {said}.")
