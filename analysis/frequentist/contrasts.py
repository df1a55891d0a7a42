"""Linear combinations of coefficients, and how much collinearity inflates their variance."""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError
from analysis.frequentist.laws import critical, two_sided
from analysis.frequentist.shapes import flat, reshape
from analysis.results import Array, Contrast, Design, Fit, Inflation


def contrast(fit: Fit, L: ArrayLike) -> Contrast:
    """Estimate and test `L beta`.

    Parameters
    ----------
    fit : Fit
    L : (m, p)
        One combination per row: a row of predictors gives a mean, the difference of two rows a simple slope or a
        difference.

    Returns
    -------
    Contrast
        `(..., m)`, tested as the coefficients are.
    """
    rows = np.atleast_2d(np.asarray(L, dtype=float))
    if rows.shape[1] != fit.p:
        raise ModelError(
            f"a combination needs {fit.p} numbers, one per coefficient ({', '.join(fit.names)}); got {rows.shape[1]}."
        )
    ddf = flat(fit.ddf, 0)[:, None]
    estimate = flat(fit.beta, 1) @ rows.T
    se = np.sqrt(np.einsum("mp,bpq,mq->bm", rows, flat(fit.vb, 2), rows))
    with np.errstate(divide="ignore", invalid="ignore"):
        stat = estimate / se
    reach, shape = critical(fit.level, ddf) * se, np.shape(fit.tau2)
    return Contrast(
        estimate=reshape(estimate, shape),
        se=reshape(se, shape),
        stat=reshape(stat, shape),
        ddf=reshape(ddf, shape),
        pval=reshape(two_sided(stat, ddf), shape),
        ci_lb=reshape(estimate - reach, shape),
        ci_ub=reshape(estimate + reach, shape),
        level=fit.level,
    )


class Estimated(Protocol):
    """A fit of any kind: names and covariance of its coefficients."""

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficients."""

    @property
    def vb(self) -> Array:
        """Covariance of the coefficients, (p, p)."""


def variance_inflation(fit: Estimated, design: Design) -> tuple[Inflation, ...]:
    """Generalised variance inflation of every term (Fox & Monette 1992, J. Am. Stat. Assoc. 87, 178-183, eq. 10).

    With R the correlations of the coefficients but the intercept, `GVIF = det R11 det R22 / det R`, R11 those of the
    term, R22 the others'. One fit, not a batch; nothing is said of a model with a single column.
    """
    slopes = [index for index, name in enumerate(fit.names) if name != "intrcpt"]
    if len(slopes) < 2:
        return ()
    vb = fit.vb[np.ix_(slopes, slopes)]
    scale = np.sqrt(np.diag(vb))
    R = vb / np.outer(scale, scale)
    found = []
    for term in design.terms:
        inside = [slopes.index(column) for column in term.columns]
        outside = [index for index in range(len(slopes)) if index not in inside]
        parts = [np.linalg.slogdet(R[np.ix_(part, part)])[1] if part else 0.0 for part in (inside, outside)]
        gvif = float(np.exp(sum(parts) - np.linalg.slogdet(R)[1]))
        df = len(inside)
        found.append(
            Inflation(
                term=term.name,
                df=df,
                vif=gvif if df == 1 else None,
                gvif=gvif,
                gsif=gvif ** (1 / (2 * df)),
            )
        )
    return tuple(found)
