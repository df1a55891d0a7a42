"""One composite effect per study, for models that take effects as independent."""

from collections.abc import Sequence

import numpy as np

from analysis.errors import ConfigError
from analysis.formatting import common_label
from analysis.measures import composite
from analysis.models.fitted import Cell, Record
from analysis.rows import ModelRow


def aggregate_effects(
    effects: Sequence[Record], needed: Sequence[str], row: ModelRow
) -> tuple[list[Record], tuple[str, ...]]:
    """Combine every study's effects (Borenstein et al. 2009, chapter 24), errors correlated by the row's `rho`.

    Parameters
    ----------
    effects : records of effects that have every moderator of the formula.
    needed : columns of the formula; a number that differs within a study is averaged.

    Returns
    -------
    Records, one per study in order of first appearance, and sentences about what was combined.

    Raises
    ------
    ConfigError
        A moderator in words that differs within a study, or `rho` that no errors can have.
    """
    groups: dict[Cell, list[Record]] = {}
    for effect in effects:
        groups.setdefault(effect["study_id"], []).append(effect)
    yi, vi = (np.array([effect[name] for effect in effects], dtype=float) for name in ("yi", "vi"))
    pooled = composite(yi, vi, [str(effect["study_id"]) for effect in effects], rho=row.rho)
    averaged: dict[str, int] = {}
    combined: list[Record] = []
    for (study, rows), mean, variance in zip(groups.items(), pooled.yi, pooled.vi, strict=True):
        own = {"effect_id": study, "yi": float(mean), "vi": float(variance), "sei": float(np.sqrt(variance))}
        own |= {"slab": common_label([str(one["slab"]) for one in rows]), "ni": _mean(rows, "ni")}
        own |= {name: _moderator(rows, name, row.name, averaged) for name in needed if name not in own}
        combined.append({**rows[0], **own})
    return combined, _sentences(len(effects), len(combined), row.rho, averaged)


def _moderator(rows: Sequence[Record], name: str, model: str, averaged: dict[str, int]) -> Cell:
    cells = [one[name] for one in rows]
    if len(set(cells)) == 1:
        return cells[0]
    if any(isinstance(cell, str | bool) for cell in cells):
        found = ", ".join(sorted({str(cell) for cell in cells})[:4])
        raise ConfigError(
            f"model {model}: {name} differs within study {rows[0]['study_id']} ({found}), so an aggregated effect has "
            "no single level of it. Use structure three_level or correlated_hierarchical."
        )
    averaged[name] = averaged.get(name, 0) + 1
    return _mean(rows, name)


def _mean(rows: Sequence[Record], name: str) -> float | None:
    values = [float(cell) for one in rows if isinstance(cell := one.get(name), int | float)]
    return sum(values) / len(values) if len(values) == len(rows) else None


def _sentences(effects: int, studies: int, rho: float, averaged: dict[str, int]) -> tuple[str, ...]:
    if effects == studies:
        return ()
    said = [
        f"{effects} effects were combined into {studies}, one of each study, taking the sampling errors of one study's "
        f"effects to correlate by {rho:g}."
    ]
    said += [
        f"{name} differs between effects of {count} stud{'ies' if count > 1 else 'y'} and was averaged there."
        for name, count in averaged.items()
    ]
    return tuple(said)
