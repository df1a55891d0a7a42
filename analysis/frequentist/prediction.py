"""Predicted means, and the three things that are called prediction interval."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError
from analysis.frequentist.laws import critical, scale_of_test
from analysis.frequentist.shapes import flat, reshape
from analysis.results import Array, Fit, IntArray, Prediction
from analysis.vocabulary import PREDICTION_INTERVALS


def default_prediction(test: str) -> str:
    """The interval that metafor's `predict` gives for this test."""
    return "normal" if test == "z" else "knapp_hartung"


def predict(fit: Fit, X: ArrayLike, *, interval: str | None = None) -> Prediction:
    """Predict means at rows of predictors.

    Parameters
    ----------
    fit : Fit
        Of one data set or of a batch.
    X : (m, p)
        Rows of the design matrix, with the intercept column where the model has one.
    interval : str, optional
        One of `vocabulary.PREDICTION_INTERVALS`: `normal` (mean +- z sqrt(se2 + tau2)), `higgins` (t with k - p - 1
        df, which is k - 2 for a mean; Higgins, Thompson & Spiegelhalter 2009, eq. 12) and `knapp_hartung` (t with k -
        p df and the standard error of a t-type test, Knapp-Hartung's unless the fit's test is `t` or `adhoc`).

    Returns
    -------
    Prediction
        `(..., m)`. The confidence limits are those of the fit's own test.
    """
    rows = np.asarray(X, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != fit.p:
        raise ModelError(f"X has shape {rows.shape}; give rows of {fit.p} predictors: {', '.join(fit.names)}.")
    kind = interval or default_prediction(fit.test)
    pred = flat(fit.beta, 1) @ rows.T
    se = np.sqrt(_row_variance(flat(fit.vb, 2), rows))
    reach = critical(fit.level, flat(fit.ddf, 0))[:, None] * se
    spread = Spread(
        test=fit.test,
        level=fit.level,
        p=fit.p,
        k=np.reshape(fit.k, -1),
        vb_z=flat(fit.vb_z, 2),
        s2w=flat(fit.s2w, 0),
        tau2=flat(fit.tau2, 0),
    )
    lb, ub = _limits(spread, _row_variance(spread.vb_z, rows), pred, kind)
    shape = np.shape(fit.tau2)
    return Prediction(
        pred=reshape(pred, shape),
        se=reshape(se, shape),
        ci_lb=reshape(pred - reach, shape),
        ci_ub=reshape(pred + reach, shape),
        pi_lb=reshape(lb, shape),
        pi_ub=reshape(ub, shape),
        interval=kind,
        level=fit.level,
    )


class Spread(NamedTuple):
    """What the limits of a new effect rest on, flat over the batch; the names are those of `Fit`."""

    test: str
    level: float
    p: int
    k: IntArray
    vb_z: Array
    s2w: Array
    tau2: Array


def mean_limits(spread: Spread, beta: Array, kind: str) -> tuple[Array, Array]:
    """Prediction limits (B,) of the mean `beta` (B, 1) of an intercept-only model."""
    lb, ub = _limits(spread, spread.vb_z[:, :, 0], beta, kind)
    return lb[:, 0], ub[:, 0]


def _row_variance(vb: Array, rows: Array) -> Array:
    if rows.shape[1] == 1:
        single: Array = vb[:, :, 0] * rows[None, :, 0] ** 2
        return single
    several: Array = np.einsum("mp,bpq,mq->bm", rows, vb, rows)
    return several


def _limits(spread: Spread, variance: Array, pred: Array, kind: str) -> tuple[Array, Array]:
    """Limits around means `pred` (B, m) whose z-type variances are `variance` (B, m)."""
    if kind not in PREDICTION_INTERVALS:
        raise ModelError(f'prediction interval "{kind}" is not known. Use one of {", ".join(PREDICTION_INTERVALS)}.')
    if kind == "knapp_hartung":
        variance = variance * _scale(spread)[:, None]
    reach = critical(spread.level, _freedom(spread, kind))[:, None] * np.sqrt(variance + spread.tau2[:, None])
    return pred - reach, pred + reach


def _scale(spread: Spread) -> Array:
    """Knapp-Hartung's factor; z has none of its own, and the interval is named after it."""
    return scale_of_test("knha" if spread.test == "z" else spread.test, spread.s2w)


def _freedom(spread: Spread, kind: str) -> Array:
    if kind == "normal":
        return np.full(spread.k.shape, np.inf)
    df = spread.k - spread.p - (1 if kind == "higgins" else 0)
    return np.where(df > 0, df, np.nan)
