"""One set of effects as five programs would pool it by default: which differences are definitions.

Only our kernel computes; what a program does by default is stated with its source. A choice whose source could not be
consulted is marked as not verified.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analysis.datasets.inputs import take_inputs
from analysis.frequentist import fit_random_effects
from analysis.measures import escalc
from analysis.results import Array, Fit

type Record = dict[str, str | float | int | bool | None]

# Where I2 and H2 come from.
TYPICAL, FROM_Q = "tau2 and the typical sampling variance", "Q and its degrees of freedom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """What a program does unless told otherwise.

    `method` and `test` are those of `fit_random_effects`; `heterogeneity` says where I2 and H2 come from; `prediction`
    is the kind of prediction interval and `prediction_test` the test whose standard error and law it takes; `vtype` is
    how the variance of a standardised mean difference is estimated, None where none of our formulas is the program's.
    """

    program: str
    method: str
    test: str
    heterogeneity: str
    h2: bool
    prediction: str | None
    prediction_test: str
    prediction_says: str
    vtype: str | None
    effects_says: str
    verified: bool
    source: str


CONVENTIONS: Final = (
    Convention(
        program="metafor",
        method="REML",
        test="z",
        heterogeneity=TYPICAL,
        h2=True,
        prediction="normal",
        prediction_test="z",
        prediction_says="standard normal; given by predict(), not printed with the model",
        vtype="LS",
        effects_says="escalc: vtype LS for every measure; 1/2 added to the cells of tables with a zero",
        verified=True,
        source="metafor, help pages of rma.uni, escalc, predict.rma and print.rma",
    ),
    Convention(
        program="meta 8",
        method="REML",
        test="z",
        heterogeneity=FROM_Q,
        h2=True,
        prediction="knapp_hartung",
        prediction_test="t",
        prediction_says="t with k - 1 df and the classic standard error; printed only when asked for",
        vtype=None,
        effects_says="Fisher's z for correlations; g and its variance by exact formulas (White & Thomas 2005), which "
        "are not computed here; 0.5 added to the cells of tables with a zero",
        verified=True,
        source="meta 8, its default settings (settings.meta): method.tau REML, method.random.ci classic, method.I2 Q, "
        "method.predict V, prediction FALSE, exact.smd TRUE, smcor ZCOR",
    ),
    Convention(
        program="meta 6",
        method="REML",
        test="z",
        heterogeneity=FROM_Q,
        h2=True,
        prediction="higgins",
        prediction_test="z",
        prediction_says="t with k - 2 df; printed only when asked for",
        vtype=None,
        effects_says="as in meta 8",
        verified=True,
        source="meta 6, its default settings (settings.meta): method.tau REML, method.random.ci classic, "
        "method.predict HTS, prediction FALSE",
    ),
    Convention(
        program="PyMARE",
        method="ML",
        test="z",
        heterogeneity=FROM_Q,
        h2=True,
        prediction=None,
        prediction_test="z",
        prediction_says="none",
        vtype="LS",
        effects_says="effects and variances as they are handed to meta_regression",
        verified=True,
        source="PyMARE, docstring of pymare.core.meta_regression; pymare.results, get_fe_stats and "
        "get_heterogeneity_stats, which gives H, the root of H2",
    ),
    Convention(
        program="JASP",
        method="REML",
        test="knha",
        heterogeneity=TYPICAL,
        h2=True,
        prediction="knapp_hartung",
        prediction_test="knha",
        prediction_says="t with k - 1 df and the Knapp-Hartung standard error; shown",
        vtype="LS",
        effects_says="metafor's escalc",
        verified=True,
        source="jaspMetaAnalysis, form ClassicalMetaAnalysis.qml: method restrictedML, fixedEffectTest knha, "
        "predictionIntervals checked; Bartos & Wagenmakers (2025), arXiv:2509.09845: it calls metafor",
    ),
    Convention(
        program="Comprehensive Meta-Analysis",
        method="DL",
        test="z",
        heterogeneity=FROM_Q,
        h2=False,
        prediction="higgins",
        prediction_test="z",
        prediction_says="t with k - 2 df",
        vtype="LS2",
        effects_says="Fisher's z for correlations; variance of g as J^2 times that of d; the program's J is "
        "approximate (1 - 3 / (4 df - 1)), ours exact",
        verified=False,
        source="formulas of Borenstein, Hedges, Higgins & Rothstein (2009), Introduction to Meta-Analysis, by the "
        "program's authors; the program's own settings were not verified",
    ),
)


def build_conventions(
    yi: Sequence[float] | Array, variances: Mapping[str, Sequence[float] | Array], *, level: float = 95.0
) -> list[Record]:
    """Pool one set of effects under every convention.

    Parameters
    ----------
    yi : (k,) effects in units of the measure.
    variances : (k,) their sampling variances by how they were estimated; `LS` is there always, `LS2` for standardised
        mean differences from reported statistics.
    level : of intervals, in per cent.

    Returns
    -------
    records
        Of schema `results/conventions`, one per program.

    Raises
    ------
    ImpossibleValueError
        Effects or variances that are not usable numbers.
    """
    return [_row(convention, np.asarray(yi, dtype=float), variances, level) for convention in CONVENTIONS]


def analysis_conventions(
    effects: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    *,
    measure: str,
    aggregate_rho: float | None,
    level: float,
) -> list[Record]:
    """Pool the effects of an analysis under every convention.

    Parameters
    ----------
    effects : of the analysis, with `yi`, `vi` and the line `row` of the dataset they come from.
    records : rows of the dataset, with `row` and the reported statistics.
    measure, aggregate_rho, level : of the analysis. Composites have one variance, whatever the program.
    """
    variances = {"LS": [float(effect["vi"]) for effect in effects]}
    if measure == "SMD" and aggregate_rho is None:
        by_line = {record["row"]: record for record in records}
        variances["LS2"] = smd_variances(take_inputs([by_line[effect["row"]] for effect in effects], measure))
    return build_conventions([float(effect["yi"]) for effect in effects], variances, level=level)


def smd_variances(inputs: Mapping[str, Any]) -> list[float]:
    """Return the variances of g as J^2 times those of d, (k,), from reported statistics (k,) by column."""
    return [float(vi) for vi in escalc("SMD", inputs, vtype="LS2").vi]


def _row(convention: Convention, yi: Array, variances: Mapping[str, Sequence[float] | Array], level: float) -> Record:
    own = convention.vtype if convention.vtype is not None and convention.vtype in variances else "LS"
    vi = np.asarray(variances[own], dtype=float)
    fit = fit_random_effects(yi, vi, method=convention.method, test=convention.test, level=level)
    i2, h2 = _heterogeneity(fit, convention)
    pi_lb, pi_ub = _prediction(convention, yi, vi, level)
    return {
        "program": convention.program,
        "method": convention.method,
        "test": convention.test,
        "k": len(yi),
        "estimate": float(fit.beta[0]),
        "se": float(fit.se[0]),
        "ci_lb": float(fit.ci_lb[0]),
        "ci_ub": float(fit.ci_ub[0]),
        "pval": float(fit.pval[0]),
        "level": level,
        "tau2": float(fit.tau2),
        "qe": float(fit.qe),
        "i2": i2,
        "h2": h2,
        "heterogeneity": convention.heterogeneity,
        "pi_lb": pi_lb,
        "pi_ub": pi_ub,
        "prediction": convention.prediction_says,
        "vtype": own,
        "effects": convention.effects_says,
        "verified": convention.verified,
        "source": convention.source,
    }


def _heterogeneity(fit: Fit, convention: Convention) -> tuple[float | None, float | None]:
    """I2 in per cent and H2 (Higgins & Thompson 2002), from tau2 and the typical sampling variance or from Q."""
    df = int(fit.qe_df)
    if df == 0:
        return None, None
    if convention.heterogeneity == TYPICAL:
        return float(fit.i2), float(fit.h2) if convention.h2 else None
    ratio = max(float(fit.qe) / df, 1.0)
    return 100.0 * (ratio - 1.0) / ratio, ratio if convention.h2 else None


def _prediction(convention: Convention, yi: Array, vi: Array, level: float) -> tuple[float | None, float | None]:
    if convention.prediction is None:
        return None, None
    fit = fit_random_effects(
        yi, vi, method=convention.method, test=convention.prediction_test, level=level, prediction=convention.prediction
    )
    limits = [None if limit is None or not np.isfinite(limit) else float(limit) for limit in (fit.pi_lb, fit.pi_ub)]
    return limits[0], limits[1]
