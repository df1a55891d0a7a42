"""Pictures of a model that is fitted for them: every key of its row may be another one, so that a reader can move it.

`effects` are records as `open_analysis` has them, `row` a row of a model, `measure` that of the effects. Further
arguments replace keys of the row, such as `method="DL"` or `rho=0.3`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from scipy.special import ndtri

from analysis.errors import ModelError
from analysis.figures.bayesian_descriptions import describe_densities
from analysis.figures.bubble import plot_bubble
from analysis.figures.densities import plot_densities
from analysis.figures.descriptions import describe_bubble, describe_forest
from analysis.figures.forest import plot_forest
from analysis.figures.orchard import orchard_levels, plot_orchard
from analysis.frequentist import fit_random_effects
from analysis.models import fit_model
from analysis.models.answers import build_predictions
from analysis.models.groups import build_subgroups
from analysis.models.results import build_studies
from analysis.rows import BayesianRow, ModelRow
from analysis.teaching.opening import columns
from analysis.teaching.pictures import Picture, described

type Records = Sequence[Mapping[str, Any]]
type Tables = Mapping[str, list[dict[str, Any]]]

Z: Final = float(ndtri(0.975))
NOBODY: Final = "nobody"


def draw_forest(
    effects: Records, *, row: ModelRow, measure: str, group: str | None = None, title: str = "", **changes: Any
) -> Picture:
    """Forest plot of a model without moderators; `group` is a column whose levels become its sections."""
    row = replace(row, **changes)
    tables = _fitted(effects, row, measure, group)
    shared: dict[str, Any] = {"mean": _mean(tables), "measure": measure, "heterogeneity": tables["heterogeneity"]}
    shared |= {"subgroups": tables["subgroups"], "prediction": row.prediction}
    groups = None if group is None else {str(one["effect_id"]): _level(one[group]) for one in effects}
    studies = tables["studies"]
    figure = plot_forest(studies, **shared, level=row.level, groups=groups, method=row.method, title=title)
    return described(figure, describe_forest(studies, **shared))


def draw_without(effects: Records, left_out: str, *, row: ModelRow, measure: str, title: str = "") -> Picture:
    """Forest plot without the effects of one study, by its label; `nobody` leaves all of them in."""
    kept = [effect for effect in effects if effect["slab"] != left_out]
    if left_out != NOBODY and len(kept) == len(effects):
        raise ModelError(f"there is no study labelled {left_out}. Choose a label of the column slab.")
    return draw_forest(kept, row=row, measure=measure, title=title)


def draw_tau2(effects: Records, tau2: float, *, measure: str, title: str = "") -> Picture:
    """Forest plot of the mean under a given tau2: what it does to weights, intervals and prediction.

    The mean for a known tau2 is that of the equal-effects model of variances vi + tau2. The prediction limits are
    mean -/+ 1.96 sqrt(se^2 + tau2) and take tau2 as known.
    """
    yi, vi = columns(effects, "yi", "vi")
    fit = fit_random_effects(yi, vi + tau2, method="EE")
    mean, se, weights = float(fit.beta[0]), float(fit.se[0]), 1.0 / (vi + tau2)
    shares = 100.0 * weights / weights.sum()
    studies = [
        {**effect, "ci_lb": y - Z * v**0.5, "ci_ub": y + Z * v**0.5, "weight": share}
        for effect, y, v, share in zip(effects, yi.tolist(), vi.tolist(), shares.tolist(), strict=True)
    ]
    reach = Z * (se**2 + tau2) ** 0.5
    limits = {"pi_lb": mean - reach, "pi_ub": mean + reach, "interval": "normal"}
    none = {"pi_lb": None, "pi_ub": None, "interval": "none"}
    pooled = {"pred": mean, "ci_lb": float(fit.ci_lb[0]), "ci_ub": float(fit.ci_ub[0]), "level": 95.0}
    shared: dict[str, Any] = {"mean": [{**pooled, **(limits if tau2 else none)}], "measure": measure}
    words = describe_forest(studies, **shared, heterogeneity=(), subgroups=(), prediction="normal")
    largest = f"Under tau\u00b2 = {tau2:g} the heaviest effect has {shares.max():.1f}% of the weight"
    caption = f"{largest}, the lightest {shares.min():.1f}%."
    return Picture(figure=plot_forest(studies, **shared, title=title), alt=f"{words['alt']} {caption}", caption=caption)


def draw_moderator(effects: Records, *, row: ModelRow, measure: str, title: str = "", **changes: Any) -> Picture:
    """Bubble plot or strip chart of the first moderator of a model."""
    row = replace(row, **changes)
    tables = _fitted(effects, row, measure)
    shown = [one for one in tables["predictions"] if one["kind"] != "mean"]
    if not shown:
        raise ModelError(f"model {row.name} has no moderator to draw. Give it a formula, mods.")
    same = ("kind", "moderator", "by")
    curve = [one for one in shown if all(one[name] == shown[0][name] for name in same)]
    column, by = _column(str(curve[0]["moderator"])), curve[0]["by"]
    numeric = curve[0]["kind"] == "curve"
    values = {str(one["effect_id"]): one[column] if numeric else _level(one[column]) for one in effects}
    groups = None if by is None else {str(one["effect_id"]): _level(one[_column(str(by))]) for one in effects}
    name = column.replace("_", " ")
    shared: dict[str, Any] = {"measure": measure, "groups": groups}
    figure = plot_bubble(
        tables["studies"],
        curve,
        moderator=name[:1].upper() + name[1:],
        values=values,
        prediction=row.prediction,
        title=title,
        **shared,
    )
    return described(figure, describe_bubble(tables["studies"], curve, moderator=name, **shared))


def draw_orchard(
    effects: Records, *, row: ModelRow, measure: str, group: str | None = None, title: str = "", **changes: Any
) -> Picture:
    """Orchard plot of a model of dependent effects: effects by the levels of `group`, and the mean of all."""
    tables = _fitted(effects, replace(row, **changes), measure, group)
    groups = None if group is None else {str(one["effect_id"]): _level(one[group]) for one in effects}
    mean, parts, studies = _mean(tables)[0], tables["subgroups"], tables["studies"]
    figure = plot_orchard(studies, mean=mean, subgroups=parts, groups=groups, measure=measure, title=title)
    levels = orchard_levels(mean, parts if groups else ())
    return described(figure, describe_bubble(studies, levels, moderator=group or "study", measure=measure))


def draw_posterior(effects: Records, *, row: BayesianRow, measure: str, title: str = "", **changes: Any) -> Picture:
    """Prior and posterior of every parameter of a Bayesian model."""
    from analysis.models.bayesian import fit_bayesian
    from analysis.models.bayesian_results import build_answers, build_densities, build_heterogeneity

    row = replace(row, **changes)
    model = fit_bayesian(effects, row, measure=measure)
    densities, answers, spread = build_densities(model), build_answers(model), build_heterogeneity(model)
    shared: dict[str, Any] = {"measure": measure, "rope": row.rope, "heterogeneity": spread}
    figure = plot_densities(densities, answers, **shared, title=title)
    return described(figure, describe_densities(densities, answers, **shared))


def _fitted(effects: Records, row: ModelRow, measure: str, group: str | None = None) -> Tables:
    # The other tables of a model, such as fits under every rho, take much longer than what is drawn.
    model = fit_model(effects, row, measure=measure)
    return {
        "studies": build_studies(model),
        "predictions": build_predictions(model),
        "subgroups": build_subgroups(model, group),
        "heterogeneity": model.heterogeneity(),
    }


def _mean(tables: Tables) -> list[dict[str, Any]]:
    means = [one for one in tables["predictions"] if one["kind"] == "mean"]
    if not means:
        raise ModelError("a model with moderators has no single mean. Draw its moderator.")
    return means


def _column(term: str) -> str:
    return re.sub(r"^C\((\w+).*\)$", r"\1", term)


def _level(value: Any) -> str | None:
    """Return a level as the results tables word it."""
    if value is None:
        return None
    return str(int(value)) if isinstance(value, float) and np.isfinite(value) and value.is_integer() else str(value)
