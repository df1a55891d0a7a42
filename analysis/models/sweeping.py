"""The same model at other correlations of sampling errors: how much of a result hangs on an assumption."""

from dataclasses import replace

import numpy as np

from analysis.errors import ConvergenceError, ModelError
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Record, finite
from analysis.models.fitting import fit_model
from analysis.vocabulary import SWEPT_RHO, WITH_RHO


def build_sweep(model: EstimatedModel) -> list[Record]:
    """Every coefficient at every `SWEPT_RHO` and at the row's own rho; empty for structures without one."""
    if model.row.structure not in WITH_RHO or len(model.raw) == model.n_studies:
        return []
    return [row for rho in sorted({*SWEPT_RHO, model.row.rho}) for row in _at(model, rho)]


def _at(model: EstimatedModel, rho: float) -> list[Record]:
    row = replace(model.row, rho=rho, bootstrap=0, permutations=0)
    place: Record = {"structure": row.structure, "rho": rho, "level": row.level}
    numbers = ("estimate", "se", "ddf", "pval", "ci_lb", "ci_ub")
    try:
        own = fit_model(model.raw, row, measure=model.measure)
    except (ModelError, ConvergenceError):
        empty: Record = dict.fromkeys((*numbers, "tau2"))
        return [{**place, "term": name, **empty} for name in model.fit.names]
    found, total = own.coefficients(), own.total_variance
    columns = {name: np.broadcast_to(np.asarray(getattr(found, name), float), found.se.shape) for name in numbers}
    return [
        {
            **place,
            "term": name,
            **{key: finite(values[index]) for key, values in columns.items()},
            "tau2": finite(total),
        }
        for index, name in enumerate(own.fit.names)
    ]
