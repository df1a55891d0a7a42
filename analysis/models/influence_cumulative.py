"""The mean as effects came in: effect by effect where they are independent, study by study where they are not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.covariance import diagonal_covariance
from analysis.errors import ConfigError, ToolkitError
from analysis.fragility.leave_out import cumul
from analysis.frequentist.mixed_without import accumulate
from analysis.models.dependent import DependentModel
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Cell, Record, finite, is_missing
from analysis.models.influence_deletion import MAX_REESTIMATED, Deletion, make_intervals_robust, options
from analysis.models.influence_rows import study_label
from analysis.results import IntArray

YEAR, PRECISION = "year", "precision"
NUMBERS = ("estimate", "ci_lb", "ci_ub", "pval", "tau2", "i2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What effects are ordered `by`: `values` (k,) to show, and `keys` (k,) that sort ascending."""

    by: str
    values: Sequence[Cell]
    keys: np.ndarray[Any, Any]


def cumulative_rows(model: EstimatedModel, by: str | None) -> tuple[list[Record], tuple[str, ...]]:
    """One row per step, and sentences.

    Parameters
    ----------
    model : EstimatedModel
        Without moderators; with them there is no single mean, and a sentence says so.
    by : column that sets the order, optional
        By default the year where every effect has one, else precision.

    Raises
    ------
    ConfigError
        A column that is not there, not filled, or holds both numbers and words.
    """
    order = choose_order(model, by)
    if model.row.moderated:
        return [], ("With moderators there is no single mean, so none is accumulated.",)
    if isinstance(model, DependentModel):
        return _studies(model, order)
    return _effects(model, order)


def choose_order(model: EstimatedModel, by: str | None) -> Order:
    """Order of the effects; parameters and errors as `cumulative_rows`."""
    if by is not None:
        return _column(model, by)
    years = [name for name in model.effects[0] if name.lower() == YEAR]
    if years and all(_is_number(cell) for cell in model.column(years[0])):
        return _column(model, years[0])
    precision = 1.0 / np.sqrt(model.numbers("vi"))
    return Order(by=PRECISION, values=precision.tolist(), keys=-precision)


def _column(model: EstimatedModel, name: str) -> Order:
    if name not in model.effects[0]:
        raise ConfigError(f"order of accumulation: there is no column {name}. Columns: {', '.join(model.effects[0])}.")
    cells = model.column(name)
    empty = [str(effect["slab"]) for effect, cell in zip(model.effects, cells, strict=True) if is_missing(cell)]
    if empty:
        raise ConfigError(
            f"order of accumulation: {name} is not filled for {', '.join(empty[:5])}. Fill it in, or name another "
            "column."
        )
    if all(map(_is_number, cells)):
        return Order(by=name, values=cells, keys=np.array(cells, dtype=float))
    if all(isinstance(cell, str) for cell in cells):
        return Order(by=name, values=cells, keys=np.array(cells, dtype=str))
    raise ConfigError(f"order of accumulation: {name} holds numbers and words. Name a column of one kind.")


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and not is_missing(cell)


def _effects(model: EstimatedModel, order: Order) -> tuple[list[Record], tuple[str, ...]]:
    yi, vi = model.numbers("yi"), model.numbers("vi")
    found = cumul(yi, vi, order=order.keys, **options(model), level=model.row.level)
    rank = np.empty(len(yi), dtype=int)
    rank[found.order] = np.arange(len(yi))
    keep, fits = rank <= np.arange(len(yi))[:, None], found.fits
    steps = make_intervals_robust(
        model,
        Deletion(
            keep=keep, beta=fits.beta, ci_lb=fits.ci_lb, ci_ub=fits.ci_ub, pval=fits.pval, dfbs=fits.beta,
            tau2=fits.tau2, i2=fits.i2, columns={}, notes=found.notes,
        ),
        (diagonal_covariance(vi[own] + tau2) for own, tau2 in zip(keep, fits.tau2, strict=True)),
    )  # fmt: skip
    return [
        {
            **_place(order, index, str(model.effects[place]["slab"]), order.values[place], index + 1),
            **_numbers(
                steps.beta[index, 0], steps.ci_lb[index, 0], steps.ci_ub[index, 0], steps.pval[index, 0],
                steps.tau2[index], steps.i2[index],
            ),
        }
        for index, place in enumerate(found.order)
    ], steps.notes  # fmt: skip


def _place(order: Order, index: int, slab: str, value: Cell, k: int) -> Record:
    return {"step": index + 1, "slab": slab, "order_by": order.by, "value": finite(value), "k": k}


def _numbers(*values: Any) -> Record:
    return dict(zip(NUMBERS, map(finite, values), strict=True))


def _studies(model: DependentModel, order: Order) -> tuple[list[Record], tuple[str, ...]]:
    groups = _groups(model, order)
    sequence = np.concatenate(groups)
    ends: IntArray = np.cumsum([len(group) for group in groups], dtype=int)
    held = len(sequence) > MAX_REESTIMATED
    numbers = _held(model, sequence, ends) if held else [_refitted(model, sequence[:end]) for end in ends]
    rows = []
    for index, (group, cells) in enumerate(zip(groups, numbers, strict=True)):
        own = [model.effects[place] for place in group]
        label = study_label([str(effect["slab"]) for effect in own], own[0]["study_id"])
        rows.append({**_place(order, index, label, order.values[group[0]], int(ends[index])), **cells})
    said = ["The effects of one study are added together."]
    if held:
        width = ", and intervals are those of the model" if model.robust else ""
        said.append(
            f"{len(sequence)} effects are more than {MAX_REESTIMATED}: as studies are added, the variances are held at "
            f"those of all effects{width}."
        )
    return rows, tuple(said)


def _groups(model: DependentModel, order: Order) -> list[IntArray]:
    """Places of the effects of every study, its first one in the order first, studies in that order."""
    groups: dict[Cell, list[int]] = {}
    for place in np.argsort(order.keys, kind="stable"):
        groups.setdefault(model.effects[place]["study_id"], []).append(int(place))
    return [np.array(group, dtype=int) for group in groups.values()]


def _refitted(model: DependentModel, places: IntArray) -> Record:
    """The model of some of its effects; empty where they cannot carry it."""
    from analysis.models.fitting import fit_prepared

    row = replace(model.row, permutations=0, bootstrap=0)
    try:
        own = fit_prepared([model.effects[place] for place in np.sort(places)], row, measure=model.measure)
    except ToolkitError:
        return dict.fromkeys(NUMBERS)
    mean = own.coefficients()
    i2 = {cells["quantity"]: cells["estimate"] for cells in own.heterogeneity()}.get("i2")
    limits = (np.asarray(getattr(mean, name))[0] for name in ("ci_lb", "ci_ub", "pval"))
    return _numbers(mean.estimate[0], *limits, own.total_variance, i2)


def _held(model: DependentModel, sequence: IntArray, ends: IntArray) -> list[Record]:
    found = accumulate(model.fit, model.numbers("yi"), sequence, ends)
    nothing = (None, None)
    return [_numbers(*cells, *nothing) for cells in zip(*found, strict=True)]
