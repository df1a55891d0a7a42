"""Apply a model row to dependent effects: several levels, correlated sampling errors, several dimensions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.frequentist import (
    fit_multilevel,
    likelihood_ratio_test_mixed,
    mixed_contrast,
    mixed_term_tests,
)
from analysis.frequentist.mixed_heterogeneity import mixed_heterogeneity
from analysis.frequentist.mixed_prediction import mixed_predict
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.measures.vcalc import vcalc
from analysis.models.components import build_blups, build_components, build_fields
from analysis.models.estimated import EstimatedModel, column_of, quantity_row
from analysis.models.fitted import Record, moderators
from analysis.results import Array, Contrast, JointTest, Prediction
from analysis.rows import ModelRow

if TYPE_CHECKING:
    from analysis.formulas import DesignModel


@dataclass(frozen=True, kw_only=True)
class DependentModel(EstimatedModel):
    """A multilevel or multivariate model; `given` is the sampling covariance V that it was fitted with."""

    fit: MultilevelFit
    given: BlockCovariance | Array
    independent: bool = False

    @property
    def model_dist(self) -> str:
        """Law that statistics refer to: z or t."""
        return self.fit.test

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of the fit must see."""
        steps = self.fit.convergence
        said = [f"At the limit of what it can be: {', '.join(steps.at_boundary)}."] if steps.at_boundary else []
        if steps.lesser:
            said.append("From some starting values the likelihood led to a lower optimum; the highest one is reported.")
        return (*super().notes, *said)

    @property
    def total_variance(self) -> float:
        """Sum of the variances of all levels; not a number where dimensions have variances of their own."""
        if self.fit.structure in ("UN", "HCS", "DIAG"):
            return float("nan")
        return float(self.fit.sigma2.sum() + self.fit.tau2[:1].sum())

    def marginal(self) -> BlockCovariance:
        """Covariance of the effects under the model, by its blocks."""
        return self.fit.M

    def coefficients(self) -> Contrast:
        """The coefficients with their tests."""
        if self.robust:
            return self.contrast(np.eye(self.fit.p))
        fit = self.fit
        return Contrast(
            estimate=fit.beta, se=fit.se, stat=fit.stat, ddf=fit.ddf, pval=fit.pval, ci_lb=fit.ci_lb, ci_ub=fit.ci_ub,
            level=fit.level,
        )  # fmt: skip

    def model_contrast(self, L: Array) -> Contrast:
        """Linear combinations of the coefficients, (m, p)."""
        return mixed_contrast(self.fit, L)

    def model_prediction(self, X: Array) -> Prediction:
        """Means at rows of the design, (m, p)."""
        return mixed_predict(self.fit, X)

    def model_mean_predictions(self, one: Array) -> Sequence[Prediction]:
        """The mean effect with its one prediction interval, which follows the model's test."""
        return [self.model_prediction(one)]

    def model_term_tests(self) -> Sequence[JointTest]:
        """Joint test of every term of the formula."""
        return mixed_term_tests(self.fit, self.design.design) if self.design else ()

    def likelihood_ratio(self) -> tuple[Any, Any, Any] | None:
        """Statistic, df and p of the moderators, both models by ML; None where there is no such test."""
        if self.design is None or not self.design.design.has_intercept:
            return None
        yi = self.numbers("yi")
        full, reduced = (
            fit_multilevel(yi, self.given, design, **_choices(self.effects, self.row) | {"method": "ML"})
            for design in (self.design.design, None)
        )
        test = likelihood_ratio_test_mixed(full, reduced)
        return test.stat, test.df, test.pval

    def heterogeneity(self) -> list[Record]:
        """Total variance of true effects, its root and share, and the Q test; single components have their table."""
        fit, total = self.fit, self.total_variance
        rows = []
        if not np.isnan(total):
            rows = [
                quantity_row("tau2", total, fit.method, fit.level),
                quantity_row("tau", total**0.5, fit.method, fit.level),
                quantity_row("i2", mixed_heterogeneity(fit).total, fit.method, fit.level),
            ]
        return [*rows, quantity_row("qe", fit.qe, fit.method, fit.level, df=fit.qe_df, pval=fit.qe_pval)]

    def components(self) -> list[Record]:
        """Every variance and correlation between true effects, with its profile-likelihood interval."""
        return build_components(self.fit)

    def blups(self) -> list[Record]:
        """Deviation of every group from its mean."""
        return build_blups(self.fit)

    def fields(self) -> dict[str, Any]:
        """The fit as JSON holds it, model-based."""
        return build_fields(self.fit, self.mean_limits())

    def mean_limits(self) -> Prediction | None:
        """Prediction limits of the mean with the model's own variance; None with moderators or without one variance."""
        if self.design is not None or np.isnan(self.total_variance):
            return None
        return self.model_prediction(np.ones((1, 1)))


def fit_dependent(used: Sequence[Record], excluded: Sequence[Record], row: ModelRow, *, measure: str) -> DependentModel:
    """Fit effects of which several come from one study; `excluded` are those that could not enter.

    Raises
    ------
    ConfigError
        A column of groups or dimensions that is not there or not filled.
    ModelError, ConvergenceError
        A model that these effects cannot carry.
    """
    yi, vi = (np.array([effect[name] for effect in used], dtype=float) for name in ("yi", "vi"))
    given, notes = sampling_covariance(used, row, vi)
    design: DesignModel | None = None
    if row.mods:
        from analysis.formulas import build_design

        design = build_design(row.mods, moderators(used))
    fit = fit_multilevel(yi, given, design.design if design else None, **_choices(used, row))
    weights = _diagonal_weights(fit.M)
    return DependentModel(
        row=row, measure=measure, fit=fit, given=given, design=design, effects=tuple(used), excluded=tuple(excluded),
        weights=100.0 * weights / weights.sum(), said=notes,
    )  # fmt: skip


def sampling_covariance(
    effects: Sequence[Record], row: ModelRow, vi: Array
) -> tuple[BlockCovariance | Array, tuple[str, ...]]:
    """Sampling covariance V as the row says, and sentences about a repair.

    Three levels take sampling errors as independent; the others as correlated by `rho` within a study.
    """
    if row.structure == "three_level":
        return vi, ()
    found = vcalc(vi, column_of(effects, "study_id", row.name, "study"), rho=row.rho)
    return found.covariance, found.notes


def _choices(effects: Sequence[Record], row: ModelRow) -> dict[str, Any]:
    study = column_of(effects, "study_id", row.name, "study")
    shared = {"method": row.method, "test": row.test, "dfs": row.dfs, "level": row.level}
    if row.structure == "multivariate":
        assert row.inner is not None
        inner = column_of(effects, row.inner, row.name, "inner")
        return {**shared, "structure": (row.covariance, inner, study)}
    levels = {"study_id": study, "effect_id": column_of(effects, "effect_id", row.name, "effect")}
    if row.outer is not None:
        levels = {row.outer: column_of(effects, row.outer, row.name, "outer"), **levels}
    return {**shared, "levels": levels}


def _diagonal_weights(marginal: BlockCovariance) -> Array:
    """Diagonal of the inverse of the covariance of the effects, (k,)."""
    return marginal.clusters.join([np.diagonal(np.linalg.inv(block), axis1=1, axis2=2) for block in marginal.blocks])
