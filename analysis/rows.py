"""One validated row of `config/config.yaml` is one frozen dataclass; none has a default of its own.

Stages never read the configuration file: the workflow hands each its own row as canonical JSON (`to_json` writes it,
`from_json` reads it), so that a changed row re-runs what depends on it and nothing else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from analysis.errors import ConfigError
from analysis.vocabulary import BAYESIAN_ENGINES, POSTERIOR, PUBLISHED

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
    """One way to fit effects; `level` is in per cent.

    `weights`, `mods`, `outer`, `cluster` and `inner` name columns: `outer` groups studies, `cluster` is what a robust
    variance takes as independent, `inner` is the dimension whose effects covary between studies by `covariance`. `rho`
    is the correlation of the sampling errors of one study's effects. `rope` is there to say which effect would be worth
    finding; None where nothing is known of it.
    """

    name: str
    engine: str
    structure: str
    outer: str | None
    inner: str | None
    covariance: str
    rho: float
    robust: str | None
    cluster: str
    bootstrap: int
    dfs: str
    method: str
    test: str
    mods: str | None
    weights: str | None
    tau2_interval: str
    prediction: str
    permutations: int
    rope: tuple[float, float] | None
    level: float
    seed: int

    @property
    def moderated(self) -> bool:
        """The model has moderators, and so no single mean."""
        return self.mods is not None

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not a model row."""
        row = _parsed(text, cls)
        return cls(**{**row, "rope": None if row["rope"] is None else tuple(row["rope"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianRow:
    """One Bayesian model: what varies, under which priors, how it is sampled, what counts as no effect worth having.

    `slope` and `by` name a moderator and the factor over whose levels its slope is partially pooled. Priors are named
    or written out, as `bayesian.parse_prior` reads them. `rope` holds the two limits of the region of practical
    equivalence on the scale of the analysis; `prior_scales` are the factors by which the sensitivity grid widens the
    priors of the mean and of tau.
    """

    name: str
    engine: str
    structure: str
    mods: str | None
    slope: str | None
    by: str | None
    rho: float
    tails: str
    missing: str
    prior_mu: str
    prior_beta: str
    prior_tau: str
    prior_omega: str
    prior_slope_sd: str
    prior_nu: str
    prior_scales: tuple[float, ...]
    rope: tuple[float, float]
    sampler: str
    draws: int
    tune: int
    chains: int
    target_accept: float
    level: float
    seed: int

    @property
    def moderated(self) -> bool:
        """The model has moderators, and so no single mean."""
        return self.mods is not None or self.slope is not None

    @property
    def prediction(self) -> str:
        """Kind of its prediction intervals."""
        return POSTERIOR

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not a row of a Bayesian model."""
        row = _parsed(text, cls)
        return cls(**{**row, "prior_scales": tuple(row["prior_scales"]), "rope": tuple(row["rope"])})


type AnyModelRow = ModelRow | BayesianRow


def model_with_mean(headline: str, rows: Sequence[AnyModelRow]) -> ModelRow:
    """Return the headline's row where it has no moderators, else the first frequentist one without, else its own."""
    own = next(row for row in rows if row.name == headline)
    means = [row for row in (own, *rows) if isinstance(row, ModelRow) and not row.moderated]
    if means:
        return means[0]
    # A Bayesian headline is refused with the configuration.
    assert isinstance(own, ModelRow)
    return own


def model_row_from_json(text: str) -> AnyModelRow:
    """Read the row of a model of either kind; its engine tells which."""
    try:
        engine = json.loads(text).get("engine")
    except (json.JSONDecodeError, AttributeError):
        engine = None
    return BayesianRow.from_json(text) if engine in BAYESIAN_ENGINES else ModelRow.from_json(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationPathRow:
    """A path model of correlations that studies report; `level` in per cent.

    `pair` is the column whose levels name two constructs, `a-b`; `constructs` puts words to those names. `model` is as
    `path_models.syntax` reads it, `simpler` one with fewer paths that is put beside it, or None. `structure`, `method`
    and `plug_in` are those of the first stage, `draws` of the simulated intervals.
    """

    name: str
    kind: str
    title: str
    question: str
    dataset: str
    pair: str
    constructs: Mapping[str, str]
    model: str
    simpler: str | None
    structure: str
    method: str
    plug_in: Literal["pooled", "own"]
    draws: int
    level: float
    seed: int

    @property
    def datasets(self) -> tuple[str, ...]:
        """Folders of data the row stands on."""
        return (self.dataset,)

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not a row of this kind."""
        return cls(**_parsed(text, cls))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPathRow:
    """A mediation from published correlations; `level` in per cent.

    `dimensions` are those of attachment, each a mediation of its own. `error_correlations` are what the errors of the
    published values may correlate by, the first of them in the result, the others in its sensitivity.
    """

    name: str
    kind: str
    title: str
    question: str
    datasets: tuple[str, ...]
    dimensions: tuple[str, ...]
    error_correlations: tuple[float, ...]
    draws: int
    level: float
    seed: int

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not a row of this kind."""
        row = _parsed(text, cls)
        lists = {key: tuple(row[key]) for key in ("datasets", "dimensions", "error_correlations")}
        return cls(**{**row, **lists})


type PathRow = CorrelationPathRow | PublishedPathRow


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiverseRow:
    """Every choice that an analysis may take otherwise; `level` in per cent, `name` that of the analysis.

    Each of `method`, `test`, `measure`, `vtype`, `outliers`, `aggregate` lists the options of a choice, `subsets` names
    of rows to keep with their filter, `all` first; a measure takes the words of `vtype` that it has. `draws` are those
    of the joint test, 0 for none.
    """

    name: str
    method: tuple[str, ...]
    test: tuple[str, ...]
    measure: tuple[str, ...]
    vtype: tuple[str, ...]
    outliers: tuple[str, ...]
    aggregate: tuple[str, ...]
    subsets: Mapping[str, Mapping[str, tuple[Scalar, ...]]]
    draws: int
    level: float
    seed: int

    def to_json(self) -> str:
        """Return the row as canonical JSON: equal rows give equal text."""
        return _canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ConfigError when the text is not the row of a multiverse."""
        row = _parsed(text, cls)
        lists = {key: tuple(row[key]) for key in ("method", "test", "measure", "vtype", "outliers", "aggregate")}
        return cls(**{**row, **lists, "subsets": ordered_subsets(row["subsets"])})


def ordered_subsets(subsets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, tuple[Scalar, ...]]]:
    """Return subsets in the order of every table: `all` first, then by name; a lone value becomes a list of one."""
    return {
        name: {
            column: tuple(values) if isinstance(values, list | tuple) else (values,)
            for column, values in sorted(subsets[name].items())
        }
        for name in sorted(subsets, key=lambda name: (name != "all", name))
    }


def path_row_from_json(text: str) -> PathRow:
    """Read the row of a path model of either kind."""
    try:
        kind = json.loads(text).get("kind")
    except (json.JSONDecodeError, AttributeError):
        kind = None
    return PublishedPathRow.from_json(text) if kind == PUBLISHED else CorrelationPathRow.from_json(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every choice of `config/config.yaml`, validated; analyses, models and path models by name, in file order.

    A model stands here as it was written; `config.model_for` makes its row in an analysis. `multiverses` are those of
    the analyses that have one, by the name of the analysis. `tolerance` is the relative
    distance, in per cent, of a recomputed number from a published one.
    """

    seed: int
    level: float
    tolerance: float
    rope: Mapping[str, tuple[float, float]]
    analyses: Mapping[str, AnalysisRow]
    models: Mapping[str, Mapping[str, Any]]
    paths: Mapping[str, PathRow]
    multiverses: Mapping[str, MultiverseRow]


def _canonical(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


type _Row = AnalysisRow | AnyModelRow | PathRow | MultiverseRow
_OPTIONS = {
    "AnalysisRow": "analysis",
    "CorrelationPathRow": "path",
    "PublishedPathRow": "path",
    "MultiverseRow": "multiverse",
}


def _parsed(text: str, row_type: type[_Row]) -> dict[str, Any]:
    kind = _OPTIONS.get(row_type.__name__, "model")
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--{kind}: this is not JSON ({error}). Paste the row as the workflow prints it.") from None
    names = {field.name for field in fields(row_type)}
    if not isinstance(row, dict) or set(row) != names:
        raise ConfigError(f"--{kind}: a row needs exactly these keys: {', '.join(sorted(names))}.")
    return row
