"""From the text of a configuration to its validated rows."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.config.multiverse_problems import aggregate_words
from analysis.config.problems import problems_in_choices
from analysis.config.source import Choices, read_choices, with_defaults
from analysis.errors import ConfigError
from analysis.rows import (
    AnalysisRow,
    AnyModelRow,
    BayesianRow,
    Config,
    CorrelationPathRow,
    ModelRow,
    MultiverseRow,
    PathRow,
    PublishedPathRow,
    ordered_subsets,
)
from analysis.vocabulary import BAYESIAN_ENGINES, PUBLISHED


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
        tolerance=float(choices["tolerance"]),
        analyses={name: _analysis(name, row, choices) for name, row in choices["analyses"].items()},
        rope={measure: (float(low), float(high)) for measure, (low, high) in choices["rope"].items()},
        models={name: with_defaults(row, choices) for name, row in choices["models"].items()},
        paths={name: _path(name, row, seed, level) for name, row in choices.get("path_models", {}).items()},
        multiverses={
            name: _multiverse(name, {**choices["analysis_defaults"], **row}, choices)
            for name, row in choices["analyses"].items()
            if {**choices["analysis_defaults"], **row}.get("multiverse") is not None
        },
    )


def model_for(config: Config, analysis: str, model: str) -> AnyModelRow:
    """Return the model's row as it runs in an analysis: at the analysis' level, with a seed of its own.

    The seed is a hash of (seed, analysis, model), so that adding a model moves no other number. Priors and the region
    of practical equivalence that are stated by measure become those of the analysis' measure.
    """
    asked, row = config.analyses[analysis], config.models[model]
    own = {"name": model, "level": asked.level, "seed": _seed(config.seed, analysis, model)}
    if row["engine"] not in BAYESIAN_ENGINES:
        own |= {"rope": config.rope.get(asked.measure), "rho": float(row["rho"])}
        return ModelRow(**{**row, **own, **{key: int(row[key]) for key in ("permutations", "bootstrap")}})
    whole = {key: of_measure(value, asked.measure) for key, value in row.items()}
    own |= {key: int(whole[key]) for key in ("draws", "tune", "chains")}
    own |= {key: float(whole[key]) for key in ("rho", "target_accept")}
    scales = tuple(float(scale) for scale in whole["prior_scales"])
    return BayesianRow(**{**whole, **own, "prior_scales": scales, "rope": config.rope[asked.measure]})


def of_measure(value: Any, measure: str) -> Any:
    """Return the entry of a choice that is stated by measure; None where it has none for this measure."""
    return value.get(measure) if isinstance(value, Mapping) else value


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


def _path(name: str, row: Choices, seed: int, level: float) -> PathRow:
    """Return the row of a path model, with a seed of its own."""
    own = {"name": name, "seed": _seed(seed, "paths", name), "draws": int(row["draws"])}
    whole = {**row, **own, "level": float(row.get("level", level))}
    if row["kind"] != PUBLISHED:
        return CorrelationPathRow(**whole)
    lists = {key: tuple(row[key]) for key in ("datasets", "dimensions")}
    return PublishedPathRow(**{**whole, **lists, "error_correlations": tuple(map(float, row["error_correlations"]))})


def _multiverse(name: str, analysis: Choices, choices: Choices) -> MultiverseRow:
    """Return the multiverse of an analysis at its level, with a seed of its own."""
    whole = {**choices.get("multiverse_defaults", {}), **analysis["multiverse"]}
    lists = {key: tuple(map(str, whole[key])) for key in ("method", "test", "measure", "vtype", "outliers")}
    return MultiverseRow(
        name=name,
        **lists,
        aggregate=aggregate_words(whole["aggregate"]),
        subsets=ordered_subsets(whole["subsets"]),
        draws=int(whole["draws"]),
        level=float({"level": choices["level"], **analysis}["level"]),
        seed=_seed(choices["seed"], "multiverse", name),
    )


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
