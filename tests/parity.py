"""Compare fits of ours with what metafor answered (`validation/metafor.R` says what is kept), number by number.

Agreement is relative; a quantity that theory puts at zero (tau2 on its boundary, a p value of 1e-320) needs a floor as
well, which is stated on the scale of that quantity: standard errors for coefficients, a typical sampling variance for
tau2.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.frequentist import (
    fit_meta_regression,
    fit_random_effects,
    heterogeneity_intervals,
    predict,
    tau2_interval,
)
from analysis.results import Fit
from analysis.vocabulary import FIXED_METHODS
from tests.tolerances import METAFOR

type Record = dict[str, Any]
type Pair = tuple[str, ArrayLike | None, Any, float]

# metafor stops when tau2 moves by less than an absolute threshold: at the boundary it returns 1e-15, not 0.
FLOOR = 1e-8
TINY = 1e-300


def model_mismatches(label: str, yi: ArrayLike, vi: ArrayLike, weights: ArrayLike, model: Record) -> list[str]:
    """Every disagreement on one dataset and one set of moderators, each as a line that names what, ours and theirs."""
    X = np.array(model["X"], dtype=float).T
    data = {"yi": yi, "vi": vi, "weights": weights, "X": X}
    said = []
    for record in model["methods"]:
        for test in record["tests"]:
            where = f"{label} | {test['call']}"
            fit = fit_ours(data, model, record["method"], test["test"])
            said += _collect(where, _fit_pairs(fit, record, test))
            if _says_something(data, model, record):
                said += _collect(where, [("r2", fit.r2, record["r2"], 1e-4)])
            said += _collect(where, _prediction_pairs(fit, X, test))
    for interval in model.get("intervals", []):
        said += _collect(f"{label} | {interval['call']}", _interval_pairs(data, model, interval))
    if "higgins" in model and len(X) - X.shape[1] > 1:
        fit = fit_ours(data, model, "REML", "z")
        said += _collect(f"{label} | {model['higgins']['call']}", _higgins_pairs(fit, X, model["higgins"]))
    return said


def fit_ours(data: Record, model: Record, method: str, test: str) -> Fit:
    """The same model by our kernel, through the door a user would take."""
    choices: Record = {"method": method, "test": test}
    if method == "GENQ":
        choices["weights"] = data["weights"]
    if model["mods"] is None:
        return fit_random_effects(data["yi"], data["vi"], **choices)
    return fit_meta_regression(data["yi"], data["vi"], data["X"], names=tuple(model["names"]), **choices)


def _fit_pairs(fit: Fit, record: Record, test: Record) -> Iterator[Pair]:
    se = float(np.max(test["se"]))
    typical = record["vt"] or 1.0
    yield "beta", fit.beta, record["beta"], FLOOR * se
    yield "tau2", fit.tau2, record["tau2"], FLOOR * typical
    yield "se_tau2", fit.se_tau2, record["se_tau2"], TINY
    yield "i2", fit.i2, record["i2"], 100.0 * FLOOR
    yield "h2", fit.h2, record["h2"], FLOOR
    yield "qe", fit.qe, record["qe"], FLOOR
    yield "qe_pval", fit.qe_pval, record["qe_pval"], TINY
    stats = [fit.loglik, fit.deviance, fit.aic, fit.bic, fit.aicc]
    yield "loglik, deviance, aic, bic, aicc", stats, record["fit_stats"], FLOOR
    yield "ddf", None if np.isinf(fit.ddf) else fit.ddf, test["ddf"], 0.0
    yield "se", fit.se, test["se"], FLOOR * se
    yield "stat", fit.stat, test["stat"], FLOOR
    yield "pval", fit.pval, test["pval"], TINY
    yield "ci_lb", fit.ci_lb, test["ci_lb"], FLOOR * se
    yield "ci_ub", fit.ci_ub, test["ci_ub"], FLOOR * se
    if se > 0.0:  # metafor cannot invert a covariance of zeros, though it calls z infinite and p zero
        yield "qm", fit.qm, test["qm"], FLOOR
        yield "qm_pval", fit.qm_pval, test["qm_pval"], TINY


def _says_something(data: Record, model: Record, record: Record) -> bool:
    """Whether R2 is more than a ratio of two rounding errors: see validation/README.md on tau2 at its boundary."""
    if record["r2"] is None or record["method"] in FIXED_METHODS:
        return True
    alone = fit_ours(data, {"mods": None}, record["method"], "z")
    return float(alone.tau2) > FLOOR * float(alone.vt)


def _prediction_pairs(fit: Fit, X: NDArray[np.float64], test: Record) -> Iterator[Pair]:
    ours = predict(fit, X.mean(axis=0)[None])
    floor = FLOOR * test["pred"][1]
    got = [np.ravel(values)[0] for values in (ours.pred, ours.se, ours.ci_lb, ours.ci_ub)]
    yield "prediction: pred, se, ci_lb, ci_ub", got, test["pred"], floor
    if "pi" not in test:
        return
    yield "prediction: pi_lb, pi_ub", np.ravel([ours.pi_lb, ours.pi_ub]), test["pi"], floor
    if fit.p == 1 and fit.pi_lb is not None:
        yield "pi_lb, pi_ub of the fit", np.ravel([fit.pi_lb, fit.pi_ub]), test["pi"], floor


def _higgins_pairs(fit: Fit, X: NDArray[np.float64], record: Record) -> Iterator[Pair]:
    ours = predict(fit, X.mean(axis=0)[None], interval="higgins")
    yield "pi_lb, pi_ub", np.ravel([ours.pi_lb, ours.pi_ub]), record["pi"], FLOOR * float(np.ravel(ours.se)[0])


def _interval_pairs(data: Record, model: Record, record: Record) -> Iterator[Pair]:
    limits = tau2_interval(data["yi"], data["vi"], data["X"], kind=record["type"], method=record["method"])
    fit = fit_ours(data, model, record["method"], "z")
    i2, h2 = heterogeneity_intervals(fit, limits)
    yield "tau2 limits", np.ravel([limits.lb, limits.ub]), record["tau2"], FLOOR * float(fit.vt)
    yield "i2 limits", np.ravel([i2.lb, i2.ub]), record["i2"], 100.0 * FLOOR
    yield "h2 limits", np.ravel([h2.lb, h2.ub]), record["h2"], FLOOR


def _collect(where: str, pairs: Iterable[Pair]) -> list[str]:
    return [
        f"{where}\n    {name}: ours {ours}, metafor {theirs}"
        for name, ours, theirs, floor in pairs
        if not agree(ours, theirs, floor)
    ]


def agree(ours: ArrayLike | None, theirs: Any, floor: float) -> bool:
    """Equal to METAFOR relative or within `floor`; absent on both sides counts as equal."""
    mine, other = (np.atleast_1d(np.array(value, dtype=float)) for value in (ours, theirs))
    if mine.shape != other.shape:
        return False
    absent = ~np.isfinite(mine)
    return bool(
        (absent == ~np.isfinite(other)).all()
        and (np.abs(mine - other) <= METAFOR * np.abs(other) + floor)[~absent].all()
    )
