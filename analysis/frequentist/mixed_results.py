"""What a multilevel or multivariate fit hands back: frozen and plain, in metafor's words."""

from dataclasses import dataclass

from analysis.covariance import BlockCovariance
from analysis.frequentist.mixed_likelihood import MixedData
from analysis.frequentist.structures import Level, Parameters, Structure
from analysis.results import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedConvergence:
    """How the optimisation ended.

    Attributes
    ----------
    gradient : float
        Largest score of a parameter that is not at its limit, times the parameter's size: the change of the
        log-likelihood per relative change of the parameter.
    iterations, starts, agreed : int
        Steps over all starts; starting values; how many led to the same optimum.
    lesser : tuple of float
        Log-likelihoods of the other optima, as far below as they are.
    at_boundary : tuple of str
        Components at a limit of what they may be, in words.
    """

    converged: bool
    gradient: float
    iterations: int
    starts: int
    agreed: int
    lesser: tuple[float, ...]
    at_boundary: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedModel:
    """What was fitted, kept so that profiles and predictions of effects need not be told again.

    Effects, variances and entries inside `data` are divided by `unit` and its square; X = Q R. `at` (n,) holds the
    parameters at the optimum, on that scale.
    """

    data: MixedData
    parameters: Parameters
    at: Array
    levels: tuple[Level, ...]
    structure: Structure | None
    unit: float
    R: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MultilevelFit:
    """A multilevel or multivariate random-effects model.

    Attributes
    ----------
    beta, se, stat, ddf, pval, ci_lb, ci_ub : (p,)
        Coefficients, in units of the measure, and their tests; `ddf` is infinite for z.
    vb : (p, p)
        Covariance of the coefficients.
    sigma2 : (levels,)
        Variance of the random intercepts of `level_names`, which have `groups` groups.
    G : (q, q) or None
        Covariance between studies of the dimensions `inner_names`; `tau2` is its diagonal (one number for CS) and
        `rho` the correlations (one for CS and HCS, metafor's order for UN, empty for DIAG), not a number where no
        variance above zero bears it.
    qe, qm : test of residual heterogeneity and of the moderators, the latter F with `qm_ddf` for test t.
    V, M : BlockCovariance
        Sampling and marginal covariance, in the coarsest grouping that the model connects.
    X, residuals : (k, p), (k,)
        Design, and effects less their predicted means.
    loglik, deviance, aic, bic, aicc : float
        Restricted ones for REML, with metafor's constants.
    """

    method: str
    test: str
    dfs: str
    level: float
    names: tuple[str, ...]
    k: int
    p: int
    beta: Array
    se: Array
    vb: Array
    stat: Array
    ddf: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    level_names: tuple[str, ...]
    groups: tuple[int, ...]
    sigma2: Array
    structure: str | None
    inner_names: tuple[str, ...]
    G: Array | None
    tau2: Array
    rho: Array
    qe: float
    qe_df: int
    qe_pval: float
    qm: float
    qm_df: int
    qm_ddf: float
    qm_pval: float
    loglik: float
    deviance: float
    aic: float
    bic: float
    aicc: float
    parameters: int
    X: Array
    residuals: Array
    V: BlockCovariance
    M: BlockCovariance
    convergence: MixedConvergence
    model: MixedModel
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentInterval:
    """Confidence limits of one variance or correlation of a mixed model, and what must be said about them.

    `component` is one of `component_names`; a correlation that the fit leaves undetermined has `estimate` nan.
    """

    component: str
    estimate: float
    lb: float
    ub: float
    level: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCurve:
    """Log-likelihood `loglik` (g,), maximised over all else, at `values` (g,) of one component.

    `maximum` is the log-likelihood of the fit; the interval at some level holds the values whose curve is less than
    half the critical chi-squared value, one degree of freedom, below it.
    """

    component: str
    values: Array
    loglik: Array
    estimate: float
    maximum: float
