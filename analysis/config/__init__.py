"""The choices of `config/config.yaml`: refused with a sentence for everything wrong, or turned into frozen rows."""

from analysis.config.loading import load_config, model_for
from analysis.config.source import read_choices
from analysis.rows import AnalysisRow, AnyModelRow, BayesianRow, Config, ModelRow, MultiverseRow, PathRow, Scalar

__all__ = [
    "AnalysisRow",
    "AnyModelRow",
    "BayesianRow",
    "Config",
    "ModelRow",
    "MultiverseRow",
    "PathRow",
    "Scalar",
    "load_config",
    "model_for",
    "read_choices",
]
