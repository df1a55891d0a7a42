"""Contrasts, joint tests and likelihood-ratio tests of multilevel and multivariate models.

A combination of coefficients has the fewest degrees of freedom of those that it weighs, and a joint test the fewest of
its combinations, as metafor's `predict` and `anova(X = )`. (metafor's `anova(btt = )` takes those of the omnibus test
whatever the term, which are the same or fewer.)
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc

from analysis.covariance import group_effects
from analysis.errors import ModelError
from analysis.frequentist.groupings import connect
from analysis.frequentist.laws import critical, two_sided
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.results import Array, Contrast, Design, JointTest

# Effects and designs that differ by less than this, relative to their size, are the same.
SAME = 1e-9


def mixed_contrast(fit: MultilevelFit, L: ArrayLike) -> Contrast:
    """Estimate and test every row of `L` (m, p) by itself: z, or t with the fewest df of its coefficients.

    Raises
    ------
    ModelError
        Rows that do not have one weight per coefficient.
    """
    rows = read_combinations(fit, L)
    ddf = combination_freedom(fit, rows)
    estimate, se = rows @ fit.beta, np.sqrt(np.maximum(np.vecdot(rows @ fit.vb, rows), 0.0))
    # A row of zeros estimates zero without error; there is nothing to test.
    stat = np.divide(estimate, se, out=np.full(len(rows), np.nan), where=se > 0.0)
    reach = critical(fit.level, ddf) * se
    return Contrast(
        estimate=estimate,
        se=se,
        stat=stat,
        ddf=ddf,
        pval=two_sided(stat, ddf),
        ci_lb=estimate - reach,
        ci_ub=estimate + reach,
        level=fit.level,
    )


def mixed_joint_test(fit: MultilevelFit, L: ArrayLike, *, term: str = "") -> JointTest:
    """Test `L beta = 0`, L (m, p): QM (chi-squared on m df), or QM / m as F for test t.

    Raises
    ------
    ModelError
        Rows that do not have one weight per coefficient, or that follow from each other.
    """
    rows = read_combinations(fit, L)
    m = len(rows)
    if m == 0 or np.linalg.matrix_rank(rows) < m:
        raise ModelError("the combinations to be tested jointly follow from each other. Leave out redundant rows.")
    estimate, least = rows @ fit.beta, float(combination_freedom(fit, rows).min())
    wald = float(estimate @ np.linalg.solve(rows @ fit.vb @ rows.T, estimate))
    if np.isinf(least):
        return JointTest(term=term, stat=wald, dist="chi2", df=m, ddf=least, pval=float(chdtrc(float(m), wald)))
    pval = float(fdtrc(float(m), least, wald / m))
    return JointTest(term=term, stat=wald / m, dist="F", df=m, ddf=least, pval=pval)


def mixed_term_tests(fit: MultilevelFit, design: Design) -> tuple[JointTest, ...]:
    """One joint test for every term of the formula."""
    every = np.eye(fit.p)
    return tuple(mixed_joint_test(fit, every[list(term.columns)], term=term.name) for term in design.terms)


def likelihood_ratio_test_mixed(full: MultilevelFit, reduced: MultilevelFit, *, term: str = "") -> JointTest:
    """Twice the gain in log-likelihood, chi-squared on the difference in parameters, as metafor's `anova`.

    Where the reduced model fixes a variance at zero, the end of its range, the p value is too large: for one variance
    about twice what it should be (Self & Liang 1987, J. Am. Stat. Assoc. 82, 605-610).

    Raises
    ------
    ModelError
        Different methods, effects or sampling covariances; REML with different designs, whose restricted likelihoods
        do not compare; models that are not nested.
    """
    _refuse_incomparable(full, reduced)
    df = full.parameters - reduced.parameters
    stat = max(2.0 * (full.loglik - reduced.loglik), 0.0)
    return JointTest(term=term, stat=stat, dist="chi2", df=df, ddf=np.inf, pval=float(chdtrc(float(df), stat)))


def read_combinations(fit: MultilevelFit, L: ArrayLike) -> Array:
    """Rows of p weights, (m, p)."""
    rows = np.atleast_2d(np.asarray(L, dtype=float))
    if rows.ndim != 2 or rows.shape[1] != fit.p:
        raise ModelError(
            f"a combination needs {fit.p} numbers, one per coefficient ({', '.join(fit.names)}); got shape "
            f"{rows.shape}."
        )
    if not np.isfinite(rows).all():
        raise ModelError("a combination of coefficients holds a weight that is not a number. Fill it in.")
    return rows


def combination_freedom(fit: MultilevelFit, rows: Array) -> Array:
    """Degrees of freedom (m,) of rows of weights: the fewest of the coefficients that a row weighs."""
    weighed: Array = np.where(rows != 0.0, fit.ddf, np.inf).min(1)
    # A row of zeros weighs none; it gets the model's fewest.
    return np.where((rows != 0.0).any(1), weighed, fit.ddf.min())


def _refuse_incomparable(full: MultilevelFit, reduced: MultilevelFit) -> None:
    if full.method != reduced.method:
        raise ModelError(
            f"{full.method} and {reduced.method} likelihoods do not compare. Fit both models by one method."
        )
    if not _same_data(full, reduced):
        raise ModelError("the models are of different effects or sampling covariances. Fit both to the same data.")
    if full.method == "REML" and not (full.X.shape == reduced.X.shape and np.allclose(full.X, reduced.X)):
        raise ModelError("restricted likelihoods of different moderators do not compare. Refit both models by ML.")
    fitted = full.X @ np.linalg.lstsq(full.X, reduced.X, rcond=None)[0]
    apart = np.abs(fitted - reduced.X).max() > SAME * np.abs(reduced.X).max()
    if full.parameters <= reduced.parameters or apart:
        raise ModelError(
            f"the models are not nested: {full.parameters} and {reduced.parameters} parameters, and the larger design "
            f"{'does not hold' if apart else 'holds'} the smaller one. Give the larger model first."
        )


def _same_data(full: MultilevelFit, reduced: MultilevelFit) -> bool:
    if full.k != reduced.k:
        return False
    first, second = (fit.X @ fit.beta + fit.residuals for fit in (full, reduced))
    if np.abs(first - second).max() > SAME * np.abs(first).max():
        return False
    clusters = group_effects(connect([full.V.clusters.codes, reduced.V.clusters.codes]))
    blocks = (fit.V.regrouped(clusters).blocks for fit in (full, reduced))
    return all(map(np.array_equal, *blocks))
