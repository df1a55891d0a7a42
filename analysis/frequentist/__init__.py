"""From effects, variances and a design to estimates, tests and predictions. Arrays only: no files, no data frames."""

from analysis.frequentist.meta_regression import fit_meta_regression
from analysis.frequentist.prediction import predict
from analysis.frequentist.random_effects import fit_random_effects

__all__ = ["fit_meta_regression", "fit_random_effects", "predict"]
