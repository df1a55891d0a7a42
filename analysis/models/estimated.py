"""A model estimated by moments or likelihood: what tables ask of it, with its own or a cluster-robust variance."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.errors import ConfigError
from analysis.frequentist import robust_contrast, robust_fit
from analysis.frequentist.laws import critical
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.robust import RobustFit
from analysis.models.fitted import FittedModel, Record, finite, is_missing
from analysis.results import Array, Contrast, Fit, Interval, JointTest, Prediction
from analysis.rows import ModelRow


@dataclass(frozen=True, kw_only=True)
class EstimatedModel(FittedModel):
    """A fit and, where the row asks for it, its robust variance, which then stands behind every test and interval.

    `said` are sentences about how the effects were prepared, `raw` the effects before a study's became one.
    """

    row: ModelRow
    fit: Fit | MultilevelFit
    robust: RobustFit | None = None
    said: tuple[str, ...] = ()
    raw: tuple[Record, ...] = ()

    @property
    def dist(self) -> str:
        """Law that statistics refer to: z or t."""
        return "t" if self.robust else self.model_dist

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of the fit must see."""
        return (*self.said, *self.fit.notes, *(self.robust.notes if self.robust else ()))

    @property
    def matrix(self) -> Array:
        """Design matrix, (k, p)."""
        return self.design.design.X if self.design else np.ones((len(self.effects), 1))

    def fitted_values(self) -> Array:
        """Mean of every effect used, (k,), without its own deviation."""
        values: Array = self.matrix @ self.fit.beta
        return values

    def contrast(self, L: Array) -> Contrast:
        """Linear combinations of the coefficients, (m, p)."""
        return robust_contrast(self.robust, L) if self.robust else self.model_contrast(L)

    def predict(self, X: Array) -> Prediction:
        """Means at rows of the design, (m, p)."""
        return self._robust_prediction(X) if self.robust else self.model_prediction(X)

    def _robust_prediction(self, X: Array) -> Prediction:
        return around(self.contrast(X), self.total_variance, "t")

    def mean_predictions(self) -> Sequence[Prediction]:
        """The mean effect of a model without moderators, once for each kind of prediction interval it has."""
        one = np.ones((1, 1))
        return [self.predict(one)] if self.robust else self.model_mean_predictions(one)

    def term_tests(self) -> Sequence[JointTest]:
        """Joint test of every term of the formula."""
        return self.robust.tests if self.robust else self.model_term_tests()

    @property
    @abstractmethod
    def model_dist(self) -> str:
        """Law of the statistics of the model itself."""

    @property
    @abstractmethod
    def total_variance(self) -> float:
        """Variance of a new true effect around its mean; not a number where there is none, or no single one."""

    @abstractmethod
    def marginal(self) -> BlockCovariance:
        """Covariance of the effects under the model."""

    @abstractmethod
    def coefficients(self) -> Contrast:
        """The coefficients with their tests."""

    @abstractmethod
    def model_contrast(self, L: Array) -> Contrast:
        """Linear combinations with the model's own variance."""

    @abstractmethod
    def model_prediction(self, X: Array) -> Prediction:
        """Means with the model's own variance."""

    @abstractmethod
    def model_mean_predictions(self, one: Array) -> Sequence[Prediction]:
        """The mean effect with the model's own variance; `one` is its row of the design."""

    @abstractmethod
    def model_term_tests(self) -> Sequence[JointTest]:
        """Joint tests with the model's own variance."""

    @abstractmethod
    def likelihood_ratio(self) -> tuple[Any, Any, Any] | None:
        """Statistic, df and p of the moderators, both models by ML; None where there is no such test."""

    @abstractmethod
    def heterogeneity(self) -> list[Record]:
        """Rows of the table of heterogeneity."""

    @abstractmethod
    def components(self) -> list[Record]:
        """Rows of the table of variance components; empty with independent effects."""

    @abstractmethod
    def blups(self) -> list[Record]:
        """Rows of the table of predicted random effects; empty with independent effects."""

    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """The fit as JSON holds it, model-based."""


def around(found: Contrast, variance: float, kind: str) -> Prediction:
    """Means with prediction limits: their variance and that of a new true effect, on the df of each mean."""
    reach = critical(found.level, np.asarray(found.ddf, dtype=float)) * np.sqrt(found.se**2 + variance)
    return Prediction(
        pred=np.asarray(found.estimate),
        se=found.se,
        ci_lb=found.ci_lb,
        ci_ub=found.ci_ub,
        pi_lb=found.estimate - reach,
        pi_ub=found.estimate + reach,
        interval="none" if np.isnan(variance) else kind,
        level=found.level,
    )


def quantity_row(
    quantity: str,
    estimate: Any,
    method: str,
    level: float,
    *,
    se: Any = None,
    limits: Interval | None = None,
    df: Any = None,
    pval: Any = None,
) -> Record:
    """One row of the table of heterogeneity."""
    return {
        "quantity": quantity,
        "estimate": finite(estimate),
        "se": finite(se),
        "ci_lb": None if limits is None else finite(limits.lb),
        "ci_ub": None if limits is None else finite(limits.ub),
        "df": finite(df),
        "pval": finite(pval),
        "method": method,
        "level": level,
    }


def make_robust(model: EstimatedModel) -> RobustFit | None:
    """The cluster-robust variance that the row asks for; None where it asks for none.

    Raises
    ------
    ConfigError
        A column of clusters that is not there, or is not filled.
    ModelError
        Clusters that the model's covariance crosses, or a single one.
    """
    row = model.row
    if row.robust is None:
        return None
    fit = model.fit
    return robust_fit(
        fit.beta,
        fit.names,
        model.matrix,
        model.numbers("yi") - model.fitted_values(),
        model.marginal(),
        column_of(model.effects, row.cluster, row.name, "cluster"),
        kind=row.robust,
        level=row.level,
        terms=model.design.design.terms if model.design else (),
    )


def column_of(effects: Sequence[Record], name: str, model: str, key: str) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Identifiers of one column as text, (k,); ConfigError where the column is not there or not filled."""
    if name not in effects[0]:
        raise ConfigError(
            f"model {model}: {key} names {name}, which is not a column. Columns: {', '.join(effects[0])}."
        )
    cells = [effect[name] for effect in effects]
    empty = [str(effect["slab"]) for effect, cell in zip(effects, cells, strict=True) if is_missing(cell)]
    if empty:
        raise ConfigError(
            f"model {model}: {key} {name} is not filled for {', '.join(empty[:5])}. Fill it in, or name another column."
        )
    return np.array([str(cell) for cell in cells])
