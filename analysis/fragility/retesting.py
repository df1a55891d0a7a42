"""The same mean under several tests: estimator and weights are fitted once, only scale and law change."""

from dataclasses import dataclass

import numpy as np

from analysis.frequentist.laws import critical, scale_of_test, two_sided
from analysis.results import Array, Fit, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedMean:
    """A mean, its test and its limits, with what does not depend on the test: all (...).

    Not a number where there is nothing to estimate from.
    """

    # pytest collects classes by this name.
    __test__ = False

    k: IntArray
    estimate: Array
    se: Array
    stat: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    tau2: Array
    i2: Array


def retest(fit: Fit, test: str) -> TestedMean:
    """Test the mean of a batch of fits without moderators in another way; a single effect is tested by z.

    Parameters
    ----------
    fit : Fit
        Of `fit_random_effects` over a batch, `beta` (..., 1).
    test : one of `vocabulary.TESTS`

    Returns
    -------
    TestedMean
        On the scale and at the level of the fit.
    """
    k, beta, plain = np.asarray(fit.k), fit.beta[..., 0], fit.vb_z[..., 0, 0]
    lone = k == 1
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = scale_of_test(test, np.where(lone, 1.0, fit.s2w))
        se = np.sqrt(plain * scale)
        stat = beta / se
        ddf = np.where(lone, np.inf, np.maximum(k - 1.0, 1.0)) if test != "z" else np.full(k.shape, np.inf)
        # Data sets of one size share their critical value.
        sizes, place = np.unique(ddf, return_inverse=True)
        pval, reach = two_sided(stat, ddf), critical(fit.level, sizes)[place].reshape(k.shape) * se
    limits = {"ci_lb": beta - reach, "ci_ub": beta + reach}
    return TestedMean(k=k, estimate=beta, se=se, stat=stat, pval=pval, **limits, tau2=fit.tau2, i2=fit.i2)
