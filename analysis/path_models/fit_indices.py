"""How well a path model fits: chi-squared, RMSEA, SRMR, CFI, TLI."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chndtrinc

from analysis.results import Array

SATURATED = "saturated, no fit to test"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitIndices:
    """Indices of fit; None (and a `note`) for a saturated model, which has none.

    Attributes
    ----------
    chi2, df, pval
        Least discrepancy, correlations less parameters.
    null_chi2, null_df
        The same of the model without any correlation.
    rmsea, rmsea_lb, rmsea_ub
        Steiger & Lind, from the number of persons, with 90 % limits.
    srmr
        Root mean square of the residual correlations (off the diagonal, which is fitted by definition).
    cfi, tli
        Bentler (1990); Tucker & Lewis (1973).
    """

    chi2: float
    df: int
    pval: float | None
    null_chi2: float
    null_df: int
    rmsea: float | None = None
    rmsea_lb: float | None = None
    rmsea_ub: float | None = None
    srmr: float | None = None
    cfi: float | None = None
    tli: float | None = None
    note: str = ""


def fit_indices(chi2: float, df: int, null_chi2: float, residuals: Array, n_total: float) -> FitIndices:
    """Indices from the discrepancy, that of the null model, residual correlations (m,) and the number of persons."""
    m = len(residuals)
    if df == 0:
        return FitIndices(chi2=chi2, df=0, pval=None, null_chi2=null_chi2, null_df=m, note=SATURATED)
    excess, null_excess = max(chi2 - df, 0.0), max(null_chi2 - m, 0.0)
    worst = max(excess, null_excess)
    base = null_chi2 / m - 1
    scale = df * (n_total - 1)
    return FitIndices(
        chi2=chi2,
        df=df,
        pval=float(chdtrc(float(df), chi2)),
        null_chi2=null_chi2,
        null_df=m,
        rmsea=float(np.sqrt(excess / scale)),
        rmsea_lb=float(np.sqrt(_noncentrality(chi2, df, 0.95) / scale)),
        rmsea_ub=float(np.sqrt(_noncentrality(chi2, df, 0.05) / scale)),
        srmr=float(np.sqrt((residuals**2).mean())),
        cfi=1.0 - excess / worst if worst > 0 else 1.0,
        tli=(null_chi2 / m - chi2 / df) / base if base > 0 else None,
    )


def _noncentrality(chi2: float, df: int, probability: float) -> float:
    """Noncentrality under which `chi2` is exceeded with 1 - `probability`; 0 where none is so small."""
    if 1.0 - chdtrc(float(df), chi2) <= probability:
        return 0.0
    value = float(chndtrinc(chi2, df, probability))
    return value if np.isfinite(value) else 0.0
