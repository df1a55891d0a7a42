"""Funnels, and estimates that allow for studies that were never published."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.figures.descriptions import describe_funnel
from analysis.figures.fragility import describe_adjusted, plot_adjusted
from analysis.figures.funnel import plot_funnel
from analysis.formatting import format_number
from analysis.fragility.selection import fit_selection
from analysis.models import build_model_tables, fit_model
from analysis.models.bias_tables import build_bias_tables
from analysis.rows import ModelRow
from analysis.teaching.effects import draw_estimates
from analysis.teaching.opening import columns
from analysis.teaching.pictures import Picture, described

type Records = Sequence[Mapping[str, Any]]


def draw_funnel(effects: Records, *, row: ModelRow, measure: str, title: str = "", **changes: Any) -> Picture:
    """Contour-enhanced funnel plot around the mean of a model; further arguments replace keys of its row."""
    row = replace(row, **changes)
    model = fit_model(effects, row, measure=measure)
    tables = build_model_tables(model)
    mean = next(one["pred"] for one in tables["predictions"] if one["kind"] == "mean")
    tau2 = next((one["estimate"] for one in tables["heterogeneity"] if one["quantity"] == "tau2"), None)
    shared: dict[str, Any] = {"estimate": float(str(mean)), "measure": measure}
    spread = None if tau2 is None else float(str(tau2))
    figure = plot_funnel(tables["studies"], **shared, tau2=spread, level=row.level, title=title)
    return described(figure, describe_funnel(tables["studies"], **shared))


def draw_bias(effects: Records, *, row: ModelRow, measure: str, title: str = "", **changes: Any) -> Picture:
    """Every estimate adjusted for publication bias under the unadjusted one."""
    row = replace(row, **changes)
    found = build_bias_tables(fit_model(effects, row, measure=measure), averaging=False)
    bias = found.tables["bias_estimates"]
    figure = plot_adjusted(bias, level=row.level, measure=measure, title=title)
    return described(figure, describe_adjusted(bias, measure=measure))


def draw_selection(
    effects: Records,
    published: float,
    *,
    measure: str,
    steps: tuple[float, ...] = (0.025, 1.0),
    alternative: str = "greater",
    title: str = "",
) -> Picture:
    """The mean as it would be if results above the step had been published less often, by this relative chance.

    A step-function selection model whose weight is given and not estimated (Vevea & Woods 2005, Psychol. Methods 10,
    428-443); `steps` are one-sided p values.
    """
    yi, vi = columns(effects, "yi", "vi")
    fit = fit_selection(yi, vi, steps=steps, delta=(1.0, published), alternative=alternative)
    chance = format_number(published, 2)
    found = {"no selection": fit.unselected, f"published with relative chance {chance}": fit}
    return draw_estimates(found, measure=measure, reference=float(fit.unselected.beta[0]), title=title)
