"""What can be wrong with a configuration: its shape by a JSON Schema, its words and columns by what is known."""

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from analysis.bayesian.families import Role
from analysis.bayesian.priors import parse_prior
from analysis.config.dependence import contradictions
from analysis.config.explained import did_you_mean, explain
from analysis.config.formula_words import formula_columns
from analysis.config.multiverse_problems import problems_of_multiverse
from analysis.config.path_problems import problems_of_paths
from analysis.config.shelf import Columns, read_columns
from analysis.config.source import Choices, with_defaults
from analysis.errors import ConfigError, Problem
from analysis.files import load_schema
from analysis.vocabulary import (
    BAYESIAN_ENGINES,
    COVARIANCES,
    DEPENDENCE,
    DFS,
    ENGINES,
    FIXED_METHODS,
    HUNTER_SCHMIDT,
    MEASURE_INPUTS,
    METHODS,
    MISSING_MODERATORS,
    PREDICTION_INTERVALS,
    ROBUST_KINDS,
    SAMPLERS,
    STRUCTURES,
    TAILS,
    TAU2_INTERVALS,
    TESTS,
)

# The workflow has folders of these names beside those of its models and analyses.
RESERVED_MODELS = ("tables", "figures", "fragility")
RESERVED_ANALYSES = ("data", "corpus", "paths")
# What every table of computed effects has besides the columns of its dataset, and a formula or weight may use.
COMPUTED_COLUMNS = ("ni", "vi", "sei", "study_id")
_MODEL_WORDS: dict[str, tuple[str, Iterable[str]]] = {
    "engine": ("an engine", ENGINES),
    "structure": ("a structure", tuple(DEPENDENCE.values())),
    "covariance": ("a covariance of dimensions", COVARIANCES),
    "robust": ("a kind of robust variance", ROBUST_KINDS),
    "dfs": ("a kind of degrees of freedom", DFS),
    "method": ("a method", (*METHODS, HUNTER_SCHMIDT)),
    "test": ("a test", TESTS),
    "tau2_interval": ("an interval of tau2", TAU2_INTERVALS),
    "prediction": ("a prediction interval", PREDICTION_INTERVALS),
}
_BAYESIAN_WORDS: dict[str, tuple[str, Iterable[str]]] = {
    "engine": ("an engine", ENGINES),
    "structure": ("a structure", STRUCTURES),
    "tails": ("a shape of tails", TAILS),
    "missing": ("a way with missing moderators", MISSING_MODERATORS),
    "sampler": ("a sampler", SAMPLERS),
}
# Key of a prior -> what it is a prior of; degrees of freedom are positive as standard deviations are.
PRIOR_ROLES: dict[str, Role] = {
    "prior_mu": "mu",
    "prior_beta": "beta",
    "prior_tau": "tau",
    "prior_omega": "tau",
    "prior_slope_sd": "tau",
    "prior_nu": "tau",
}


def problems_in_choices(where: str, choices: Any, data_dir: Path) -> list[Problem]:
    """Return every problem of the choices; the words and columns are looked at once the shape is right."""
    shape = list(_problems_of_shape(where, choices))
    return shape or list(_problems_of_meaning(where, choices, data_dir))


def _problems_of_shape(where: str, choices: Any) -> Iterator[Problem]:
    import fastjsonschema

    try:
        _quick_gate()(choices)
    except (fastjsonschema.JsonSchemaValueException, RecursionError, TypeError):
        yield from explain(where, choices, load_schema("config"))


@cache
def _quick_gate() -> Any:
    import fastjsonschema

    return fastjsonschema.compile({**load_schema("config"), "$schema": "http://json-schema.org/draft-07/schema#"})


def _problems_of_meaning(where: str, choices: Choices, data_dir: Path) -> Iterator[Problem]:
    for key, example in (("level", 95), ("tolerance", 5)):
        if math.isnan(choices[key]):
            yield Problem(f"{where}: {key}", "this is not a number.", f"Give a {key} in per cent, such as {example}.")
    for kind, reserved in (("models", RESERVED_MODELS), ("analyses", RESERVED_ANALYSES)):
        for name in (name for name in reserved if name in choices[kind]):
            yield Problem(
                f"{where}: {kind}.{name}", "this name is taken by a folder of results.", "Choose another name."
            )
    for measure, (low, high) in choices["rope"].items():
        if not low < high:
            what = f"{low} is not below {high}."
            yield Problem(f"{where}: rope.{measure}", what, "Give the lower limit first, such as [-0.1, 0.1].")
    for name, row in choices["models"].items():
        bayesian = (row or {}).get("engine") in BAYESIAN_ENGINES
        of_kind, defaults = (
            (_problems_of_bayesian_model, "bayesian_defaults") if bayesian else (_problems_of_model, "model_defaults")
        )
        yield from of_kind(f"{where}: models.{name}", row or {}, choices[defaults])
    for name, row in choices["analyses"].items():
        whole = {**choices["analysis_defaults"], **row}
        yield from _problems_of_analysis(f"{where}: analyses.{name}", whole, choices, data_dir)
    taken = (*choices["analyses"], *RESERVED_ANALYSES)
    yield from problems_of_paths(f"{where}: path_models", choices.get("path_models", {}), taken, data_dir)


def _problems_of_words(
    where: str, row: Choices, defaults: Choices, words: Mapping[str, tuple[str, Iterable[str]]], kind: str
) -> Iterator[Problem]:
    whole = {**defaults, **row}
    for key, (what, known) in words.items():
        if whole[key] is not None and whole[key] not in known:
            place = f"{where}.{key}" if key in row else f"{where.partition(': ')[0]}: {kind}.{key}"
            yield Problem(place, f'"{whole[key]}" is not {what}.', did_you_mean(whole[key], known))
    try:
        formula_columns(whole["mods"] or "1")
    except ConfigError as error:
        yield Problem(f"{where}.mods", f'the formula "{whole["mods"]}" cannot be used:', str(error))


def _problems_of_bayesian_model(where: str, row: Choices, defaults: Choices) -> Iterator[Problem]:
    whole = {**defaults, **row}
    yield from _problems_of_words(where, row, defaults, _BAYESIAN_WORDS, "bayesian_defaults")
    if (whole["slope"] is None) != (whole["by"] is None):
        what = "slope and by belong together: the moderator, and the factor over whose levels its slope is pooled."
        yield Problem(f"{where}.slope", what, "Give both or neither.")
    if whole["slope"] is not None and whole["mods"] is not None:
        what = "a model with slope and by has its terms from them."
        yield Problem(f"{where}.mods", what, "Remove mods, or slope and by.")
    if whole["engine"] == "exact":
        sampled = {"structure": "independent", "tails": "normal", "slope": None}
        for key in (key for key, value in sampled.items() if whole[key] != value):
            yield Problem(f"{where}.{key}", f'the exact engine has no {key} "{whole[key]}".', "Use engine pymc.")
    for key, role in PRIOR_ROLES.items():
        for prior in whole[key].values() if isinstance(whole[key], dict) else [whole[key]]:
            yield from _problems_of_prior(f"{where}.{key}", prior, role)


def _problems_of_prior(where: str, prior: str, role: Role) -> Iterator[Problem]:
    try:
        parse_prior(prior, role)
    except ConfigError as error:
        yield Problem(where, f'the prior "{prior}" cannot be used:', str(error))


def _problems_of_model(where: str, row: Choices, defaults: Choices) -> Iterator[Problem]:
    whole = {**defaults, **row}
    yield from _problems_of_words(where, row, defaults, _MODEL_WORDS, "model_defaults")
    for key, what, remedy in contradictions(whole):
        yield Problem(f"{where}.{key}", what, remedy)
    if whole["method"] == "GENQ" and whole["weights"] is None:
        yield Problem(f"{where}.weights", "method GENQ has no weights.", "Name the column that holds them, such as ni.")
    if whole["method"] == HUNTER_SCHMIDT and whole["mods"] is not None:
        yield Problem(f"{where}.mods", f"method {HUNTER_SCHMIDT} takes no moderators.", "Remove mods or use REML.")
    if whole["method"] == HUNTER_SCHMIDT and whole["permutations"]:
        what = f"method {HUNTER_SCHMIDT} has no permutation test."
        yield Problem(f"{where}.permutations", what, "Write 0 or use REML.")
    if whole["tau2_interval"] == "PL" and whole["method"] not in ("ML", "REML", HUNTER_SCHMIDT, *FIXED_METHODS):
        what = f"PL profiles a likelihood, which method {whole['method']} does not have."
        yield Problem(f"{where}.tau2_interval", what, "Use QP, or method ML or REML.")


def _problems_of_analysis(where: str, row: Choices, choices: Choices, data_dir: Path) -> Iterator[Problem]:
    if row["measure"] not in MEASURE_INPUTS:
        what = f'"{row["measure"]}" is not a measure.'
        yield Problem(f"{where}.measure", what, did_you_mean(row["measure"], MEASURE_INPUTS))
    for model in row["models"]:
        if model not in choices["models"]:
            yield Problem(f"{where}.models", f'"{model}" is not a model.', did_you_mean(model, choices["models"]))
        elif (
            row["measure"] == "ZCOR"
            and with_defaults(choices["models"][model], choices).get("method") == HUNTER_SCHMIDT
        ):
            what = f"{HUNTER_SCHMIDT} pools correlations, not Fisher's z."
            yield Problem(f"{where}.models", f'"{model}": {what}', "Use measure COR, or another model.")
    if row["headline"] not in row["models"]:
        what = f'"{row["headline"]}" is not among the models of this analysis.'
        yield Problem(f"{where}.headline", what, did_you_mean(row["headline"], row["models"]))
    elif _is_bayesian(choices, row["headline"]):
        what = f'"{row["headline"]}" is Bayesian; the first page and the answer of a page are worded for other models.'
        yield Problem(f"{where}.headline", what, "Choose a frequentist model; Bayesian ones have their section.")
    columns = yield from read_columns(f"{where}.dataset", row["dataset"], data_dir)
    if columns is not None:
        yield from _problems_of_columns(where, row, choices, columns)
    if row.get("multiverse") is not None:
        defaults = choices.get("multiverse_defaults", {})
        yield from problems_of_multiverse(f"{where}.multiverse", row["multiverse"], defaults, row, columns)


def _is_bayesian(choices: Choices, model: str) -> bool:
    return model in choices["models"] and with_defaults(choices["models"][model], choices)["engine"] in BAYESIAN_ENGINES


def _problems_of_columns(where: str, row: Choices, choices: Choices, columns: Columns) -> Iterator[Problem]:
    inputs = MEASURE_INPUTS.get(row["measure"], ((),))
    if not any(set(names) <= set(columns) for names in inputs):
        needed = " or ".join(", ".join(names) for names in inputs)
        what = f"{row['dataset']} lacks the columns {row['measure']} is computed from."
        yield Problem(f"{where}.measure", what, f"It needs {needed}.")
    asked = [(f"filter.{column}", column) for column in row["filter"]]
    asked += [("forest_group", row["forest_group"])] if row["forest_group"] else []
    asked += [("moderators", column) for column in row["moderators"]]
    for key, column in asked:
        if column not in columns:
            what = f'"{column}" is not a column of {row["dataset"]}.'
            yield Problem(f"{where}.{key}", what, did_you_mean(column, columns))
    for column in (column for column in row["filter"] if column in columns):
        yield from _problems_of_levels(f"{where}.filter.{column}", row["filter"][column], columns[column])
    yield from _problems_of_model_columns(where, row, choices, columns)


def _problems_of_levels(where: str, wanted: Any, column: Any) -> Iterator[Problem]:
    levels = column.get("levels") if isinstance(column, dict) else None
    for value in wanted if isinstance(wanted, list) else [wanted]:
        if levels and value not in levels:
            yield Problem(where, f'"{value}" is not a level of this column.', did_you_mean(value, levels))


def _problems_of_model_columns(where: str, row: Choices, choices: Choices, columns: Columns) -> Iterator[Problem]:
    usable = [*columns, *(column for column in COMPUTED_COLUMNS if column not in columns)]
    for name in (name for name in row["models"] if name in choices["models"]):
        model = with_defaults(choices["models"][name], choices)
        named = ("weights", "slope", "by", "outer", "inner", "cluster")
        wanted = [(key, model[key]) for key in named if model.get(key)]
        yield from _problems_of_measure(f"{where}.models", name, model, row["measure"], choices["rope"])
        try:
            wanted += [("mods", column) for column in formula_columns(model["mods"])] if model["mods"] else []
        except ConfigError:
            continue  # told once, where the model stands
        for key, column in wanted:
            if column not in usable:
                what = f'{key} of model {name} names "{column}", which is not a column of {row["dataset"]}.'
                yield Problem(f"{where}.models", what, did_you_mean(column, usable))


def _problems_of_measure(
    where: str, name: str, model: Choices, measure: str, rope: Mapping[str, Any]
) -> Iterator[Problem]:
    """Yield what a Bayesian model needs for the measure of an analysis and does not have."""
    # An unknown measure is told once, where the analysis names it.
    if model["engine"] not in BAYESIAN_ENGINES or measure not in MEASURE_INPUTS:
        return
    if measure not in rope:
        what = f"model {name} needs a region of practical equivalence for {measure}."
        yield Problem(where, what, f"Add {measure} to rope, such as {measure}: [-0.1, 0.1].")
    for key in PRIOR_ROLES:
        if isinstance(model[key], dict) and measure not in model[key]:
            what = f"{key} of model {name} has no prior for {measure}."
            yield Problem(where, what, f"Add {measure} to {key}.")
