"""Cluster-robust variances, t tests with Satterthwaite degrees of freedom, and approximate Hotelling tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, stdtr, stdtrit

from analysis.covariance import BlockCovariance, Blocks, group_effects
from analysis.errors import ModelError
from analysis.frequentist.sandwich import WhitenedDesign, score_factors, whiten, whiten_design
from analysis.frequentist.satterthwaite import SandwichMoments, hotelling_df, sandwich_moments, satterthwaite_df
from analysis.results import Array, BoolArray, Contrast, JointTest, Term
from analysis.vocabulary import MIN_DDF_ROBUST, ROBUST_KINDS

# Share of the residuals' length that the design may still explain, as an optimiser that stopped early leaves it.
LEFT_OVER = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustFit:
    """Coefficients of a model with a variance that stays valid when its covariances are wrong.

    Attributes
    ----------
    kind : str
        Of `ROBUST_KINDS`.
    names : tuple of str
        Coefficients.
    beta, se, stat, ddf, pval, ci_lb, ci_ub : (p,)
        As the model estimated them, and their tests: t with Satterthwaite degrees of freedom `ddf`.
    vb : (p, p)
        Robust variance of `beta`.
    k, n_clusters : int
    tests : tuple of JointTest
        Approximate Hotelling test of every term.
    omnibus : JointTest or None
        The same of all coefficients but the intercept; None where there is no other.
    notes : tuple of str
        Sentences for the reader: degrees of freedom too few to trust, clusters too few.
    moments : SandwichMoments
        What further tests and contrasts need.
    """

    kind: str
    level: float
    names: tuple[str, ...]
    beta: Array
    se: Array
    vb: Array
    stat: Array
    ddf: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    k: int
    n_clusters: int
    tests: tuple[JointTest, ...]
    omnibus: JointTest | None
    notes: tuple[str, ...]
    moments: SandwichMoments


def robust_fit(
    beta: ArrayLike,
    names: Sequence[str],
    X: ArrayLike,
    residuals: ArrayLike,
    marginal: BlockCovariance,
    cluster: ArrayLike,
    kind: str = "CR2",
    level: float = 95.0,
    terms: Sequence[Term] = (),
) -> RobustFit:
    """Cluster-robust inference for a model whose weights are the inverse of its covariance of the effects.

    Parameters
    ----------
    beta : (p,)
        Coefficients, estimated by least squares with the inverse of `marginal` as weights.
    names : p strings
    X : (k, p)
    residuals : (k,)
        `yi - X beta`.
    marginal : BlockCovariance
        The model's covariance of the effects: V and all variance components.
    cluster : (k,)
        Effects of different clusters are independent.
    kind : str
        CR0 (none), CR1, CR1p, CR1S (a factor) or CR2 (bias-reduced) small-sample correction.
    level : float
        Per cent, of the intervals.
    terms : sequence of Term
        Tested jointly, each in `tests`.

    Returns
    -------
    RobustFit

    Raises
    ------
    ModelError
        An unknown kind, arrays that do not fit, one cluster, covariances between clusters, or coefficients that are not
        those of these weights.
    """
    b, design, error = np.asarray(beta, float), np.asarray(X, float), np.asarray(residuals, float)
    _refuse_misfit(b, names, design, error, np.asarray(cluster), kind)
    clusters = group_effects(cluster)
    if clusters.number < 2:
        raise ModelError("all effects lie in one cluster, which says nothing of differences between clusters.")
    white = whiten_design(design, marginal, clusters)
    factors, exact = score_factors(white, kind)
    plain = whiten(white.roots, clusters, error)
    _refuse_other_weights(white, plain)
    vb = _sandwich(white, factors, plain)
    moments = sandwich_moments(factors, white.basis, white.back)
    ddf = satterthwaite_df(moments, np.eye(len(b)))
    se, stat, pval, reach = _t_test(b, np.diagonal(vb), ddf, level)
    columns = [place for place, name in enumerate(names) if name != "intrcpt"]
    fit = RobustFit(
        kind=kind,
        level=level,
        names=tuple(names),
        beta=b,
        se=se,
        vb=vb,
        stat=stat,
        ddf=ddf,
        pval=pval,
        ci_lb=b - reach,
        ci_ub=b + reach,
        k=clusters.k,
        n_clusters=clusters.number,
        tests=tuple(_term_test(b, vb, moments, term.columns, term.name) for term in terms),
        omnibus=_term_test(b, vb, moments, tuple(columns), "moderators") if columns else None,
        notes=(),
        moments=moments,
    )
    named = _fitted_exactly(np.asarray(cluster), white, exact)
    return _noted(fit, named)


def htz_test(fit: RobustFit, L: ArrayLike, *, term: str = "") -> JointTest:
    """Approximate Hotelling T-squared test of `L beta = 0`, with estimated degrees of freedom.

    With q constraints, Q the Wald statistic and eta from `hotelling_df`, `F = (eta - q + 1) / (eta q) Q` on q and
    `eta - q + 1` degrees of freedom (Tipton & Pustejovsky 2015, J. Educ. Behav.
    Stat. 40(6), 604-634; clubSandwich's HTZ).

    Parameters
    ----------
    fit : RobustFit
    L : (q, p)
        Constraints.
    term : str
        Name of the test.

    Returns
    -------
    JointTest
        Not a number where the clusters are too few for q constraints (`ddf` not above zero, or a singular variance).
    """
    return _hotelling(fit.beta, fit.vb, fit.moments, _rows(fit, L), term)


def robust_contrast(fit: RobustFit, L: ArrayLike) -> Contrast:
    """Estimate and test every row of `L` (m, p) by itself, t with its own Satterthwaite degrees of freedom."""
    rows = _rows(fit, L)
    estimate, ddf = rows @ fit.beta, satterthwaite_df(fit.moments, rows)
    se, stat, pval, reach = _t_test(estimate, np.vecdot(rows @ fit.vb, rows), ddf, fit.level)
    return Contrast(
        estimate=estimate,
        se=se,
        stat=stat,
        ddf=ddf,
        pval=pval,
        ci_lb=estimate - reach,
        ci_ub=estimate + reach,
        level=fit.level,
    )


def _sandwich(white: WhitenedDesign, factors: Blocks, residuals: Blocks) -> Array:
    """`B (sum of s_j s_j') B`, (p, p), s_j the adjusted scores."""
    scores = np.concatenate([(part @ error[..., None])[..., 0] for part, error in zip(factors, residuals, strict=True)])
    turned = scores @ white.back.T
    vb: Array = turned.T @ turned
    return vb


def _t_test(estimate: Array, variance: Array, ddf: Array, level: float) -> tuple[Array, Array, Array, Array]:
    """Standard error, t, two-sided p value and half-width of the interval."""
    se = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        stat = estimate / se
    return se, stat, 2.0 * stdtr(ddf, -np.abs(stat)), stdtrit(ddf, 0.5 + level / 200.0) * se


def _term_test(beta: Array, vb: Array, moments: SandwichMoments, columns: tuple[int, ...], term: str) -> JointTest:
    return _hotelling(beta, vb, moments, np.eye(len(beta))[list(columns)], term)


def _hotelling(beta: Array, vb: Array, moments: SandwichMoments, L: Array, term: str) -> JointTest:
    q, estimate, variance = len(L), L @ beta, L @ vb @ L.T
    eta = hotelling_df(moments, L)
    ddf = eta - q + 1.0
    stat = pval = float("nan")
    if ddf > 0.0 and np.linalg.matrix_rank(variance, hermitian=True) == q:
        wald = float(estimate @ np.linalg.solve(variance, estimate))
        stat = ddf / (eta * q) * wald
        pval = float(fdtrc(float(q), ddf, stat))
    return JointTest(term=term, stat=stat, dist="F", df=q, ddf=ddf, pval=pval)


def _rows(fit: RobustFit, L: ArrayLike) -> Array:
    rows = np.atleast_2d(np.asarray(L, dtype=float))
    if rows.ndim != 2 or rows.shape[1] != len(fit.beta):
        raise ModelError(
            f"a combination needs {len(fit.beta)} numbers, one per coefficient ({', '.join(fit.names)}); got shape "
            f"{rows.shape}."
        )
    return rows


def _refuse_misfit(
    beta: Array, names: Sequence[str], X: Array, residuals: Array, cluster: np.ndarray, kind: str
) -> None:
    if kind not in ROBUST_KINDS:
        raise ModelError(f"{kind} is no kind of robust variance. Use one of {', '.join(ROBUST_KINDS)}.")
    k, p = X.shape if X.ndim == 2 else (-1, -1)
    if beta.shape != (p,) or len(names) != p or residuals.shape != (k,) or cluster.shape != (k,):
        raise ModelError(
            f"X has shape {X.shape}, beta {beta.shape}, residuals {residuals.shape}, clusters {cluster.shape}, and "
            f"there are {len(names)} names. Give one row per effect and one column per coefficient."
        )


def _refuse_other_weights(white: WhitenedDesign, residuals: Blocks) -> None:
    """Refuse residuals that the design still explains: they are not those of the least squares with these weights."""
    left = sum(np.einsum("jnp,jn->p", part, error) for part, error in zip(white.basis, residuals, strict=True))
    length = np.sqrt(sum(float((error**2).sum()) for error in residuals))
    if np.linalg.norm(left) > LEFT_OVER * length:
        raise ModelError(
            "the residuals are not those of least squares weighted by the inverse of the model's covariance. Give the "
            "covariance that the coefficients were estimated with."
        )


def _fitted_exactly(cluster: np.ndarray, white: WhitenedDesign, exact: tuple[BoolArray, ...]) -> list[str]:
    """Identifiers of clusters on which some coefficient rests alone."""
    firsts = np.concatenate([rows[flags, 0] for rows, flags in zip(white.clusters.rows, exact, strict=True)])
    return [str(cluster[row]) for row in np.sort(firsts)]


def _noted(fit: RobustFit, exact: list[str]) -> RobustFit:
    """The fit with the sentences a reader must see."""
    said = []
    p = len(fit.beta)
    if fit.n_clusters <= p:
        said.append(
            f"There are {fit.n_clusters} clusters for {p} coefficients: too few for a robust variance of all of them."
        )
    if exact:
        said.append(
            f"Some coefficient rests on one cluster alone ({', '.join(exact[:5])}): its robust variance leaves that "
            "cluster out and is too small."
        )
    for name, ddf in zip(fit.names, fit.ddf, strict=True):
        if not ddf >= MIN_DDF_ROBUST:
            said.append(_too_few(f"Coefficient {name}", ddf))
    for test in (*fit.tests, *(() if fit.omnibus is None else (fit.omnibus,))):
        if not test.ddf >= MIN_DDF_ROBUST:
            said.append(_too_few(f"The joint test of {test.term}", float(test.ddf)))
    return replace(fit, notes=tuple(said))


def _too_few(what: str, ddf: float) -> str:
    count = "no" if np.isnan(ddf) else f"{ddf:.1f}"
    return (
        f"{what} has {count} degrees of freedom, fewer than {MIN_DDF_ROBUST}: its p value and interval cannot be "
        "trusted."
    )
