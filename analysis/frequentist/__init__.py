"""From effects, variances and a design to estimates, tests and predictions. Arrays only: no files, no data frames."""

from analysis.frequentist.contrasts import contrast, variance_inflation
from analysis.frequentist.honesty import between_within, cell_support, contrast_power, tertiles
from analysis.frequentist.hunter_schmidt import credibility_interval, fit_hunter_schmidt
from analysis.frequentist.inference import (
    joint_test,
    likelihood_ratio_test,
    permutation_test,
    term_tests,
)
from analysis.frequentist.intervals import heterogeneity_intervals, tau2_interval
from analysis.frequentist.meta_regression import fit_meta_regression
from analysis.frequentist.mixed_heterogeneity import mixed_heterogeneity
from analysis.frequentist.mixed_prediction import blups, mixed_predict
from analysis.frequentist.mixed_profile import component_names, profile, profile_interval, profile_intervals
from analysis.frequentist.mixed_tests import (
    likelihood_ratio_test_mixed,
    mixed_contrast,
    mixed_joint_test,
    mixed_term_tests,
)
from analysis.frequentist.multilevel import fit_multilevel
from analysis.frequentist.prediction import predict
from analysis.frequentist.random_effects import fit_random_effects
from analysis.frequentist.robust import htz_test, robust_contrast, robust_fit
from analysis.frequentist.wild_bootstrap import cluster_wild_bootstrap

__all__ = [
    "between_within",
    "blups",
    "cell_support",
    "cluster_wild_bootstrap",
    "component_names",
    "contrast",
    "contrast_power",
    "credibility_interval",
    "fit_hunter_schmidt",
    "fit_meta_regression",
    "fit_multilevel",
    "fit_random_effects",
    "heterogeneity_intervals",
    "htz_test",
    "joint_test",
    "likelihood_ratio_test",
    "likelihood_ratio_test_mixed",
    "mixed_contrast",
    "mixed_heterogeneity",
    "mixed_joint_test",
    "mixed_predict",
    "mixed_term_tests",
    "permutation_test",
    "predict",
    "profile",
    "profile_interval",
    "profile_intervals",
    "robust_contrast",
    "robust_fit",
    "tau2_interval",
    "term_tests",
    "tertiles",
    "variance_inflation",
]
