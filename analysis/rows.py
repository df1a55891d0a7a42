"""One validated row of `config/config.yaml` is one frozen dataclass; none has a default of its own.

Stages never read the configuration file: the workflow hands each its own row as canonical JSON (`to_json` writes it,
`from_json` reads it), so that a changed row re-runs what depends on it and nothing else.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

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
