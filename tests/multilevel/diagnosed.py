"""The models whose diagnostics metafor was asked for, fitted by us, and comparisons by size of a column."""

from typing import Any

import numpy as np

from analysis.covariance import block_covariance, group_effects
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from analysis.results import Design
from tests.tolerances import METAFOR, METAFOR_COVARIANCE

MODELS = ("konstantopoulos", "assink", "berkey_un", "berkey_cs")


def fit(model: str, record: dict[str, Any]) -> MultilevelFit:
    """Fit one of `MODELS` to the effects that metafor had."""
    X = np.array(record["X"], dtype=float)
    names = tuple("intrcpt" if (column == 1.0).all() else f"x{index}" for index, column in enumerate(X.T))
    design = Design(X=X, names=names, terms=(), has_intercept="intrcpt" in names)
    V = block_covariance(np.array(record["V"]), group_effects(record["cluster"]))
    if model.startswith("berkey"):
        kind = model.removeprefix("berkey_").upper()
        return fit_multilevel(record["yi"], V, design, structure=(kind, record["inner"], record["cluster"]))
    levels = {"outer": record["cluster"], "inner": record["inner"]}
    return fit_multilevel(record["yi"], V, design, levels=levels, test="t" if model == "assink" else "z")


def near(model: str, ours: Any, theirs: Any, *, refitted: bool = False) -> None:
    """Compare a column with metafor's, relative to its largest value.

    A difference of two optima loses about a digit of each, and metafor's refits of a correlation near one lose more.
    """
    loose = METAFOR_COVARIANCE if model == "berkey_un" else METAFOR
    loose = 10.0 * loose if refitted or model == "berkey_un" else loose
    wanted = np.array(theirs, dtype=float)
    np.testing.assert_allclose(ours, wanted, rtol=loose, atol=loose * float(np.nanmax(np.abs(wanted))))


def ordered(labels: tuple[str, ...], slab: list[str]) -> list[int]:
    """Places of metafor's clusters among ours."""
    return [labels.index(str(one)) for one in slab]
