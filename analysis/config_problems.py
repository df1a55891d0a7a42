"""What can be wrong with a configuration: its shape by a JSON Schema, its words and columns by what is known of them."""

import difflib
import math
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from analysis.errors import ConfigError, Problem
from analysis.vocabulary import (
    HUNTER_SCHMIDT,
    MEASURE_INPUTS,
    METHODS,
    PREDICTION_INTERVALS,
    TAU2_INTERVALS,
    TESTS,
)

type Choices = dict[str, Any]

SCHEMA_PATH = Path(__file__).parent / "schemas" / "config.yaml"
# What every table of computed effects has besides the columns of its dataset, and a formula or weight may use.
COMPUTED_COLUMNS = ("ni", "vi", "sei", "study_id")
_MODEL_WORDS: dict[str, tuple[str, Iterable[str]]] = {
    "engine": ("an engine", ("frequentist",)),
    "method": ("a method", (*METHODS, HUNTER_SCHMIDT)),
    "test": ("a test", TESTS),
    "tau2_interval": ("an interval of tau2", TAU2_INTERVALS),
    "prediction": ("a prediction interval", PREDICTION_INTERVALS),
}
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# A bare word of a formula: no call, no attribute, no keyword argument.
_COLUMN = re.compile(r"(?<![\w.])[A-Za-z_]\w*\b(?!\s*(?:\(|\.|=(?!=)))")


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys without a word; a choice must not vanish."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{key}` stands here twice; keep one of them", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_choices(source: str | Path | Mapping[str, Any]) -> tuple[str, Any]:
    """Return what to call the source in a message, and what it holds; ConfigError when it is not readable YAML."""
    if isinstance(source, Mapping):
        return "config", dict(source)
    where = Path(source).as_posix()
    try:
        return where, yaml.load(Path(source).read_text(encoding="utf-8"), _UniqueKeyLoader)
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror or error}. Give the path of a configuration file.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: this is not text in UTF-8. Save the file as UTF-8.") from None
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_sentence(where, error)) from None


def _yaml_sentence(where: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{where}:{mark.line + 1}" if mark else where
    what = getattr(error, "problem", None) or "this is not YAML"
    return (
        f"{place}: {what}. Mend this line or the one before it; indent with spaces and quote text that holds a colon."
    )


def problems_in_choices(where: str, choices: Any, data_dir: Path) -> list[Problem]:
    """Return every problem of the choices; the words and columns are looked at once the shape is right."""
    shape = list(_problems_of_shape(where, choices))
    return shape or list(_problems_of_meaning(where, choices, data_dir))


def _problems_of_shape(where: str, choices: Any) -> Iterator[Problem]:
    import fastjsonschema

    try:
        _quick_gate()(choices)
    except (fastjsonschema.JsonSchemaValueException, RecursionError, TypeError):
        # Explaining takes a library that is slow to import, so it waits until there is something to explain.
        from analysis.config_explained import explain

        yield from explain(where, choices, _schema())


@cache
def _schema() -> Choices:
    schema: Choices = yaml.safe_load(SCHEMA_PATH.read_text(encoding="utf-8"))
    return schema


@cache
def _quick_gate() -> Any:
    import fastjsonschema

    return fastjsonschema.compile({**_schema(), "$schema": "http://json-schema.org/draft-07/schema#"})


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return the second half of a message: the nearest known word, then all of them."""
    known = list(known)
    near = difflib.get_close_matches(str(word), known, n=1) or difflib.get_close_matches(
        str(word).lower(), [name.lower() for name in known], n=1
    )
    names = {name.lower(): name for name in known}
    hint = f"Did you mean {names[near[0].lower()]}? " if near else ""
    return f"{hint}Known: {', '.join(known)}." if known else "There is none to choose from."


def _problems_of_meaning(where: str, choices: Choices, data_dir: Path) -> Iterator[Problem]:
    level = choices["level"]
    if math.isnan(level):
        yield Problem(f"{where}: level", "this is not a number.", "Give a level in per cent, such as 95.")
    for name, row in choices["models"].items():
        yield from _problems_of_model(f"{where}: models.{name}", row, choices["model_defaults"])
    for name, row in choices["analyses"].items():
        whole = {**choices["analysis_defaults"], **row}
        yield from _problems_of_analysis(f"{where}: analyses.{name}", whole, choices, data_dir)


def _problems_of_model(where: str, row: Choices, defaults: Choices) -> Iterator[Problem]:
    whole = {**defaults, **row}
    for key, (kind, known) in _MODEL_WORDS.items():
        if whole[key] not in known:
            place = f"{where}.{key}" if key in row else f"{where.partition(': ')[0]}: model_defaults.{key}"
            yield Problem(place, f'"{whole[key]}" is not {kind}.', did_you_mean(whole[key], known))
    if whole["method"] == "GENQ" and whole["weights"] is None:
        yield Problem(f"{where}.weights", "method GENQ has no weights.", "Name the column that holds them, such as ni.")
    if whole["method"] == HUNTER_SCHMIDT and whole["mods"] is not None:
        yield Problem(f"{where}.mods", f"method {HUNTER_SCHMIDT} takes no moderators.", "Remove mods or use REML.")


def _problems_of_analysis(where: str, row: Choices, choices: Choices, data_dir: Path) -> Iterator[Problem]:
    if row["measure"] not in MEASURE_INPUTS:
        what = f'"{row["measure"]}" is not a measure.'
        yield Problem(f"{where}.measure", what, did_you_mean(row["measure"], MEASURE_INPUTS))
    for model in row["models"]:
        if model not in choices["models"]:
            yield Problem(f"{where}.models", f'"{model}" is not a model.', did_you_mean(model, choices["models"]))
    if row["headline"] not in row["models"]:
        what = f'"{row["headline"]}" is not among the models of this analysis.'
        yield Problem(f"{where}.headline", what, did_you_mean(row["headline"], row["models"]))
    columns = yield from _declared_columns(f"{where}.dataset", row["dataset"], data_dir)
    if columns is not None:
        yield from _problems_of_columns(where, row, choices, columns)


def _declared_columns(where: str, dataset: str, data_dir: Path) -> Generator[Problem, None, list[str] | None]:
    """Yield what is wrong with the dataset and return its columns, or None when it cannot be used."""
    path = data_dir / dataset / "dataset.yaml"
    if not path.is_file():
        known = sorted(found.parent.name for found in data_dir.glob("*/dataset.yaml"))
        yield Problem(
            where, f'there is no dataset "{dataset}" in {data_dir.as_posix()}/.', did_you_mean(dataset, known)
        )
        return None
    try:
        described = read_choices(path)[1]
    except ConfigError as error:
        yield Problem(where, f"its description cannot be read: {error}", "")
        return None
    kind = described.get("kind") if isinstance(described, dict) else None
    if kind != "effects":
        yield Problem(where, f'"{dataset}" is of kind {kind}; only effects can be pooled.', "Choose another dataset.")
        return None
    return list(described.get("columns") or ())


def _problems_of_columns(where: str, row: Choices, choices: Choices, columns: list[str]) -> Iterator[Problem]:
    asked = [(f"filter.{column}", column) for column in row["filter"]]
    asked += [("forest_group", row["forest_group"])] if row["forest_group"] else []
    asked += [("moderators", column) for column in row["moderators"]]
    for key, column in asked:
        if column not in columns:
            yield Problem(
                f"{where}.{key}", f'"{column}" is not a column of {row["dataset"]}.', did_you_mean(column, columns)
            )
    usable = [*columns, *(column for column in COMPUTED_COLUMNS if column not in columns)]
    for name in (name for name in row["models"] if name in choices["models"]):
        model = {**choices["model_defaults"], **choices["models"][name]}
        wanted = [("weights", model["weights"])] if model["weights"] else []
        wanted += [("mods", column) for column in formula_columns(model["mods"] or "")]
        for key, column in wanted:
            if column not in usable:
                what = f'{key} of model {name} names "{column}", which is not a column of {row["dataset"]}.'
                yield Problem(f"{where}.models", what, did_you_mean(column, usable))


def formula_columns(formula: str) -> list[str]:
    """Return the columns a formula names, in order; the text is only looked at, never evaluated."""
    bare = _QUOTED.sub("''", formula)
    return list(dict.fromkeys(match.group() for match in _COLUMN.finditer(bare)))
