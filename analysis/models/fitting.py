"""Apply a model row to a table of effects."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.covariance import BlockCovariance, diagonal_covariance
from analysis.errors import ConfigError, TooFewStudiesError
from analysis.frequentist import (
    contrast,
    fit_hunter_schmidt,
    fit_meta_regression,
    fit_random_effects,
    heterogeneity_intervals,
    likelihood_ratio_test,
    predict,
    tau2_interval,
    term_tests,
)
from analysis.models.aggregating import aggregate_effects
from analysis.models.dependent import fit_dependent
from analysis.models.estimated import EstimatedModel, make_robust, quantity_row
from analysis.models.fitted import Cell, FittedModel, Record, columns_of_formula, moderators, split_complete
from analysis.results import Array, Contrast, Fit, Interval, JointTest, Prediction
from analysis.rows import ModelRow
from analysis.vocabulary import (
    FIXED_METHODS,
    HUNTER_SCHMIDT,
    MIN_K_PER_CELL,
    MIXED_STRUCTURES,
    PREDICTION_INTERVALS,
)

if TYPE_CHECKING:
    from analysis.formulas import DesignModel


@dataclass(frozen=True, kw_only=True)
class FrequentistModel(EstimatedModel):
    """A model of independent effects; `tau2_limits` is None where tau2 is not estimated."""

    fit: Fit
    tau2_limits: Interval | None

    @property
    def model_dist(self) -> str:
        """Law that statistics refer to: z or t."""
        return self.fit.dist

    @property
    def total_variance(self) -> float:
        """Variance between studies; an equal-effects model knows no new study."""
        return float("nan") if self.fit.method in FIXED_METHODS else float(self.fit.tau2)

    def marginal(self) -> BlockCovariance:
        """Covariance of the effects under the model, diagonal."""
        return diagonal_covariance(self.numbers("vi") + float(self.fit.tau2))

    def coefficients(self) -> Contrast:
        """The coefficients with their tests."""
        if self.robust:
            return self.contrast(np.eye(self.fit.p))
        fit = self.fit
        return Contrast(
            estimate=fit.beta, se=fit.se, stat=fit.stat, ddf=np.full(fit.p, float(fit.ddf)), pval=fit.pval,
            ci_lb=fit.ci_lb, ci_ub=fit.ci_ub, level=fit.level,
        )  # fmt: skip

    def model_contrast(self, L: Array) -> Contrast:
        """Linear combinations of the coefficients, (m, p)."""
        return contrast(self.fit, L)

    def model_prediction(self, X: Array) -> Prediction:
        """Means at rows of the design, (m, p); an equal-effects model knows no new study to predict."""
        if self.fit.method not in FIXED_METHODS:
            return predict(self.fit, X, interval=self.row.prediction)
        nothing = np.full(len(X), np.nan)
        return replace(predict(self.fit, X), pi_lb=nothing, pi_ub=nothing, interval="none")

    def model_mean_predictions(self, one: Array) -> Sequence[Prediction]:
        """The mean effect of a model without moderators, once for each kind of prediction interval it has."""
        if self.fit.method in FIXED_METHODS:
            return [self.model_prediction(one)]
        kinds = ("normal",) if self.fit.method == HUNTER_SCHMIDT else tuple(PREDICTION_INTERVALS)
        return [predict(self.fit, one, interval=kind) for kind in kinds]

    def model_term_tests(self) -> Sequence[JointTest]:
        """Joint test of every term of the formula."""
        return term_tests(self.fit, self.design.design) if self.design else ()

    def likelihood_ratio(self) -> tuple[Any, Any, Any] | None:
        """Statistic, df and p of the moderators, both models by ML; None where there is no such test."""
        if self.design is None or not self.design.design.has_intercept or self.row.method in FIXED_METHODS:
            return None
        yi, vi, level = self.numbers("yi"), self.numbers("vi"), self.row.level
        full = fit_meta_regression(yi, vi, self.design.design, method="ML", level=level)
        test = likelihood_ratio_test(full, fit_random_effects(yi, vi, method="ML", level=level))
        return test.stat, test.df, test.pval

    def heterogeneity(self) -> list[Record]:
        """tau2, tau, I2, H2 with intervals from one interval of tau2, and the Q test."""
        fit, limits = self.fit, self.tau2_limits
        method = fit.method if limits is None else f"{fit.method}/{limits.kind}"
        values: dict[str, tuple[Any, Any, Interval | None]] = {}
        if fit.method not in FIXED_METHODS:
            values["tau2"] = (fit.tau2, fit.se_tau2, limits)
            root = None if limits is None else _square_root(limits)
            values["tau"] = (np.sqrt(fit.tau2), None, root)
        i2, h2 = (None, None) if limits is None else heterogeneity_intervals(fit, limits)
        values |= {"i2": (fit.i2, None, i2), "h2": (fit.h2, None, h2)}
        rows = [
            quantity_row(name, value, method, fit.level, se=se, limits=interval)
            for name, (value, se, interval) in values.items()
        ]
        return [*rows, quantity_row("qe", fit.qe, method, fit.level, df=fit.qe_df, pval=fit.qe_pval)]

    def components(self) -> list[Record]:
        """Independent effects have one variance between them, which the table of heterogeneity holds."""
        return []

    def blups(self) -> list[Record]:
        """Independent effects have no groups to predict."""
        return []

    def fields(self) -> dict[str, Any]:
        """Every field of the fit but its largest arrays."""
        return {name: value for name, value in asdict(self.fit).items() if name not in ("vb_z", "notes")}


def fit_model(effects: Sequence[Mapping[str, Cell]], row: ModelRow, *, measure: str) -> EstimatedModel:
    """Fit one model row.

    Parameters
    ----------
    effects : sequence of records
        As `schemas/results/effects.yaml`: `yi`, `vi`, identifiers, moderators.
    row : ModelRow
        Structure, estimator, test, formula of the moderators and so on.
    measure : str
        Of the effects; Hunter-Schmidt needs it.

    Raises
    ------
    ConfigError
        A formula, or a column of weights, clusters or dimensions, that the effects cannot fill.
    ModelError
        A model that these effects cannot carry.
    """
    if not effects:
        raise TooFewStudiesError(f"model {row.name}: no effects are left. Loosen the filter of the analysis.")
    needed = columns_of_formula(row.mods, effects)
    used, excluded = split_complete(effects, needed, row.name)
    if row.structure != "aggregated":
        return replace(fit_prepared(used, row, measure=measure, excluded=excluded), raw=tuple(used))
    combined, notes = aggregate_effects(used, needed, row)
    model = fit_prepared(combined, row, measure=measure, excluded=excluded)
    return replace(model, said=notes, raw=tuple(used), independent=False)


def fit_prepared(
    used: Sequence[Record], row: ModelRow, *, measure: str, excluded: Sequence[Record] = ()
) -> EstimatedModel:
    """Fit effects that have every moderator and are aggregated where the row asks for it."""
    model: EstimatedModel
    if row.structure in MIXED_STRUCTURES:
        model = fit_dependent(used, excluded, row, measure=measure)
    else:
        model = fit_independent(used, excluded, row, measure=measure)
    return replace(model, robust=make_robust(model), independent=model.independent and row.robust is None)


def fit_independent(
    used: Sequence[Record], excluded: Sequence[Record], row: ModelRow, *, measure: str
) -> FrequentistModel:
    """Fit effects that are taken to be independent; `excluded` are those that could not enter."""
    yi, vi = (np.array([effect[name] for effect in used], dtype=float) for name in ("yi", "vi"))
    given = _given_weights(used, row)
    design, X, limits = None, None, None
    if row.method == HUNTER_SCHMIDT:
        sizes = _sizes(row, given)
        fit = fit_hunter_schmidt(yi, sizes, measure=measure, level=row.level)
        return _fitted(row, measure, fit, None, used, excluded, sizes, None)
    choices = {"method": row.method, "test": row.test, "level": row.level, "weights": given}
    if row.mods:
        from analysis.formulas import build_design

        design = build_design(row.mods, moderators(used))
        X = design.design.X
        _refuse_saturated(row, *X.shape)
        fit = fit_meta_regression(yi, vi, design.design, **choices)  # type: ignore[arg-type]
    else:
        fit = fit_random_effects(yi, vi, prediction=_prediction(row), **choices)  # type: ignore[arg-type]
    if row.method not in FIXED_METHODS and len(yi) > fit.p:
        limits = tau2_interval(yi, vi, X, kind=row.tau2_interval, method=row.method, level=row.level)
    weights = given if given is not None else 1.0 / (vi + float(fit.tau2))
    return _fitted(row, measure, fit, design, used, excluded, weights, limits)


def _fitted(
    row: ModelRow,
    measure: str,
    fit: Fit,
    design: "DesignModel | None",
    used: Sequence[Record],
    excluded: Sequence[Record],
    weights: Array,
    limits: Interval | None,
) -> FrequentistModel:
    return FrequentistModel(
        row=row,
        measure=measure,
        fit=fit,
        design=design,
        effects=tuple(used),
        excluded=tuple(excluded),
        weights=100.0 * weights / weights.sum(),
        tau2_limits=limits,
    )


def _sizes(row: ModelRow, ni: Array | None) -> Array:
    """Sample sizes, for a row that asks Hunter-Schmidt for nothing it cannot give."""
    if row.mods or row.permutations or ni is None:
        raise ConfigError(
            f"model {row.name}: {HUNTER_SCHMIDT} takes neither moderators nor permutations and needs weights. "
            "Set weights: ni."
        )
    if len(ni) < 2:
        raise TooFewStudiesError(
            f"model {row.name}: one effect has no scatter, which the standard error of {HUNTER_SCHMIDT} comes from. "
            "Use another method."
        )
    return ni


def _refuse_saturated(row: ModelRow, k: int, p: int) -> None:
    """Every number of a t-type test would be empty: z is the only test of as many coefficients as effects."""
    if row.method in FIXED_METHODS and row.test != "z" and k == p:
        raise TooFewStudiesError(
            f"model {row.name}: {k} effects leave no degrees of freedom to test {p} coefficients by {row.test}. "
            "Use fewer moderators or test: z."
        )


def _square_root(limits: Interval) -> Interval:
    return Interval(lb=np.sqrt(limits.lb), ub=np.sqrt(limits.ub), level=limits.level, kind=limits.kind)


def _prediction(row: ModelRow) -> str | None:
    return None if row.method in FIXED_METHODS else row.prediction


def _given_weights(effects: Sequence[Record], row: ModelRow) -> Array | None:
    if not row.weights:
        return None
    values = [effect.get(row.weights) for effect in effects]
    if any(not isinstance(value, int | float) or isinstance(value, bool) or not value > 0 for value in values):
        raise ConfigError(
            f"model {row.name}: column {row.weights} of weights is missing or not positive in some effects. "
            "Name a column that holds a positive number in every row."
        )
    return np.array(values, dtype=float)


def caveats(model: FittedModel, sparse_cells: int) -> tuple[str, ...]:
    """Sentences that a reader must see before the numbers."""
    said = list(model.notes)
    if model.excluded:
        count = len(model.excluded)
        said.append(f"{count} effect{'s' if count > 1 else ''} could not enter: a moderator was not reported.")
    if sparse_cells:
        said.append(
            f"Cells of the moderators with fewer than {MIN_K_PER_CELL} studies: {sparse_cells}. "
            "What rests on them is hardly determined."
        )
    if model.independent and len(model.effects) > model.n_studies:
        said.append(
            f"{len(model.effects)} effects come from {model.n_studies} studies and are treated as independent here, "
            "which makes standard errors too small."
        )
    return tuple(said)
