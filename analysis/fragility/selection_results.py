"""What a selection model hands back."""

from dataclasses import dataclass

from analysis.results import Array, Convergence, Fit, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionFit:
    """A fitted selection model, in metafor's words; `...` is the batch, N the number of weights.

    Attributes
    ----------
    beta, se, stat, pval, ci_lb, ci_ub : (..., p)
        Coefficients of the effects before selection, with z tests from the observed information.
    vb : (..., p, p)
    tau2, se_tau2, tau2_ci_lb, tau2_ci_ub : (...)
        Variance between true effects before selection; without a standard error at zero, where the other standard
        errors take it as known.
    delta, se_delta, delta_pval, delta_ci_lb, delta_ci_ub : (..., N)
        Weights relative to the first interval (for `beta` the two powers), their tests against 1, Wald limits that do
        not pass zero. Weights given beforehand have no standard error.
    given : (N,)
        Whether a weight was given beforehand.
    k_interval : (..., N)
        Effects in every interval of p; empty for `beta`.
    loglik, deviance, aic, bic, aicc : (...)
    lrt, lrt_pval : (...)
        Likelihood-ratio test of no selection, `lrt_df` degrees of freedom; no p value when all weights were given.
    lrt_tau2, lrt_tau2_pval : (...)
        Likelihood-ratio test of homogeneity, chi-squared on one degree of freedom as in metafor (conservative, zero
        being a bound).
    qm, qm_pval : (...)
        Omnibus test of the moderators (of all coefficients where there is no intercept), chi-squared on `qm_df`.
    unselected : Fit
        The maximum-likelihood fit without selection.
    """

    kind: str
    alternative: str
    method: str
    test: str
    level: float
    steps: tuple[float, ...]
    names: tuple[str, ...]
    k: IntArray
    p: int
    k_interval: IntArray
    beta: Array
    se: Array
    vb: Array
    stat: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    tau2: Array
    se_tau2: Array
    tau2_ci_lb: Array
    tau2_ci_ub: Array
    delta: Array
    se_delta: Array
    delta_pval: Array
    delta_ci_lb: Array
    delta_ci_ub: Array
    given: tuple[bool, ...]
    loglik: Array
    deviance: Array
    aic: Array
    bic: Array
    aicc: Array
    lrt: Array
    lrt_df: int
    lrt_pval: Array
    lrt_tau2: Array
    lrt_tau2_pval: Array
    qm: Array
    qm_df: int
    qm_pval: Array
    unselected: Fit
    convergence: Convergence
    notes: tuple[str, ...] = ()
