"""Equal-effects and random-effects models: the pooled mean of study effects."""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from analysis.frequentist.linear import Batch, build_batch
from analysis.frequentist.pooling import fit_batch
from analysis.frequentist.prediction import default_prediction, mean_limits
from analysis.frequentist.shapes import reshape, reshape_convergence
from analysis.results import Array, Fit

# Fields with a batch axis.
_ARRAYS: tuple[str, ...] = (
    "k",
    "beta",
    "se",
    "vb",
    "vb_z",
    "s2w",
    "stat",
    "ddf",
    "pval",
    "ci_lb",
    "ci_ub",
    "tau2",
    "se_tau2",
    "i2",
    "h2",
    "vt",
)
_ARRAYS += (
    "qe",
    "qe_df",
    "qe_pval",
    "qm",
    "qm_pval",
    "r2",
    "pi_lb",
    "pi_ub",
    "loglik",
    "deviance",
    "aic",
    "bic",
    "aicc",
)


def fit_random_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    prediction: str | None = None,
) -> Fit:
    """Pool effects under an equal-effects (`method="EE"`) or random-effects model.

    Parameters
    ----------
    yi, vi : (..., k)
        Effects in units of the measure; sampling variances in those units squared, all > 0.
    method : str
        Estimator of the between-study variance, one of `vocabulary.METHODS`.
    test : str
        `z`, `t` (k - 1 df), `knha` (Knapp & Hartung 2003) or `adhoc` (its scale factor not below one).
    level : float
        Level of intervals, per cent.
    weights : (..., k), optional
        Weights to pool with instead of `1 / (vi + tau2)`; `GENQ` estimates tau2 with them too.
    mask : (..., k), optional
        True where an effect takes part.
    prediction : str, optional
        Which of `vocabulary.PREDICTION_INTERVALS` fills `pi_lb, pi_ub`; by default the one that metafor prints:
        `normal` for z, else `knapp_hartung`, whose standard error is that of the test.

    Returns
    -------
    Fit
        `beta` has one entry. A single effect (k = 1) is its own estimate with tau2 = 0 and a z test, as in metafor,
        and a note says so.

    Raises
    ------
    ImpossibleValueError
        Effects or variances that are not usable numbers.
    ModelError
        Unknown words, or GENQ without weights.

    References
    ----------
    .. [1] Viechtbauer (2010), J. Stat. Softw. 36(3), 1-48.
    """
    batch = build_batch(yi, vi, mask=mask)
    fit = fit_batch(
        batch,
        method=method,
        test=test,
        level=level,
        weights=align(weights, batch),
        names=("intrcpt",),
    )
    kind = prediction or default_prediction(fit.test)
    pi_lb, pi_ub = mean_limits(fit, kind)
    return finish(fit, batch, pi_lb=pi_lb, pi_ub=pi_ub, pi_kind=kind)


def align(weights: ArrayLike | None, batch: Batch) -> Array | None:
    """Weights as `(B, k)`, or None."""
    if weights is None:
        return None
    given = np.asarray(weights, dtype=float)
    shape = (*batch.shape, batch.y.shape[-1])
    return np.ascontiguousarray(np.broadcast_to(given, shape).reshape(-1, batch.y.shape[-1]))


def finish(fit: Fit, batch: Batch, **extra: object) -> Fit:
    """Set what the batch does not know, add notes, and turn arrays back to the shape of the input."""
    shape = batch.shape
    changes: dict[str, object] = {
        name: reshape(extra[name] if name in extra else getattr(fit, name), shape) for name in _ARRAYS
    }
    changes["convergence"] = reshape_convergence(fit.convergence, shape)
    changes["notes"] = notes(batch, fit)
    changes["pi_kind"] = extra.get("pi_kind", fit.pi_kind)
    return dataclasses.replace(fit, **changes)  # type: ignore[arg-type]


def notes(batch: Batch, fit: Fit) -> tuple[str, ...]:
    """Sentences that a reader of the fit must see."""
    said = []
    if batch.shape == () and int(batch.k[0]) == 1:
        said.append("One effect alone: it is its own estimate, tau2 is set to 0 and the test is z.")
    elif batch.shape == () and int(batch.k[0]) == 2 and fit.p == 1:
        said.append("Two effects: tau2 and everything that rests on it are hardly determined.")
    if not fit.convergence.converged.all():
        said.append("The estimator of tau2 did not settle for every data set; see convergence.")
    return tuple(said)
