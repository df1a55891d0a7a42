"""One validated row of `config/config.yaml` becomes one frozen dataclass; nothing here has a default of its own.

Stages never read the configuration file: the workflow hands each its own row as canonical JSON (`to_json`, `from_json`),
so that a changed row re-runs what depends on it and nothing else.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from analysis.config_problems import Choices, problems_in_choices, read_choices
from analysis.errors import ConfigError

type Scalar = str | float | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisRow:
    """One question put to one dataset: which effects, on which measure, fitted by which models, `level` in per cent."""

    name: str
    title: str
    question: str
    dataset: str
    measure: str
    filter: Mapping[str, tuple[Scalar, ...]]
    aggregate_rho: float | None
    models: tuple[str, ...]
    headline: str
    predictor: str | None
    forest_group: str | None
    moderators: tuple[str, ...]
    level: float

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not an analysis row."""
        row = _parsed(text, cls)
        row["filter"] = {column: tuple(values) for column, values in row["filter"].items()}
        return cls(**{**row, "models": tuple(row["models"]), "moderators": tuple(row["moderators"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One way to fit effects; `weights` and `mods` name columns, `level` is in per cent."""

    name: str
    engine: str
    method: str
    test: str
    mods: str | None
    weights: str | None
    tau2_interval: str
    prediction: str
    permutations: int
    level: float
    seed: int

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not a model row."""
        return cls(**_parsed(text, cls))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every choice of `config/config.yaml`, validated; analyses and models by name, in the order of the file."""

    seed: int
    level: float
    analyses: Mapping[str, AnalysisRow]
    models: Mapping[str, ModelRow]


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


def _canonical(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _parsed(text: str, row_type: type[AnalysisRow] | type[ModelRow]) -> dict[str, Any]:
    kind = "analysis" if row_type is AnalysisRow else "model"
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--{kind}: this is not JSON ({error}). Paste the row as the workflow prints it.") from None
    names = {field.name for field in fields(row_type)}
    if not isinstance(row, dict) or set(row) != names:
        raise ConfigError(f"--{kind}: a row needs exactly these keys: {', '.join(sorted(names))}.")
    return row
