"""From the text of a configuration to its validated rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.config.problems import problems_in_choices
from analysis.config.source import Choices, read_choices
from analysis.errors import ConfigError
from analysis.rows import AnalysisRow, Config, ModelRow


def load_config(source: str | Path | Mapping[str, Any], data_dir: str | Path, *, where: str | None = None) -> Config:
    """Read and validate every choice at once.

    Parameters
    ----------
    source : path of a YAML file, or the mapping it holds.
    data_dir : folder of the datasets; an analysis may use those with a `dataset.yaml` that declares its columns.
    where : what messages call the source, if not its path.

    Raises
    ------
    ConfigError
        With one sentence per problem: where, what, what to do.
    """
    place, choices = read_choices(source)
    problems = problems_in_choices(where or place, choices, Path(data_dir))
    if problems:
        raise ConfigError("\n".join(str(problem) for problem in problems))
    seed, level = int(choices["seed"]), float(choices["level"])
    return Config(
        seed=seed,
        level=level,
        analyses={name: _analysis(name, row, choices) for name, row in choices["analyses"].items()},
        models={name: _model(name, row, choices) for name, row in choices["models"].items()},
    )


def model_for(config: Config, analysis: str, model: str) -> ModelRow:
    """Return the model's row as it runs in an analysis: at the analysis' level, with a seed of its own.

    The seed is a hash of (seed, analysis, model), so that adding a model moves no other number.
    """
    digest = hashlib.sha256(f"{config.seed}/{analysis}/{model}".encode()).digest()
    seed = int.from_bytes(digest[:4], "big")
    return replace(config.models[model], level=config.analyses[analysis].level, seed=seed)


def _analysis(name: str, row: Choices, choices: Choices) -> AnalysisRow:
    whole = {"level": choices["level"], **choices["analysis_defaults"], **row}
    values = {column: value if isinstance(value, list) else [value] for column, value in whole["filter"].items()}
    return AnalysisRow(
        name=name,
        title=whole["title"],
        question=whole["question"],
        dataset=whole["dataset"],
        measure=whole["measure"],
        filter={column: tuple(values[column]) for column in sorted(values)},
        aggregate_rho=whole["aggregate_rho"],
        models=tuple(whole["models"]),
        headline=whole["headline"],
        predictor=whole["predictor"],
        forest_group=whole["forest_group"],
        moderators=tuple(whole["moderators"]),
        level=float(whole["level"]),
    )


def _model(name: str, row: Choices, choices: Choices) -> ModelRow:
    whole = {**choices["model_defaults"], **row}
    whole["permutations"] = int(whole["permutations"])
    return ModelRow(name=name, level=float(choices["level"]), seed=int(choices["seed"]), **whole)
