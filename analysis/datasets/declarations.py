"""What a `dataset.yaml` says about itself and its columns, beyond what its JSON Schema can ask for."""

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.datasets.columns import Column
from analysis.errors import Problem
from analysis.vocabulary import RESERVED_COLUMNS, SYNTHETIC_PREFIX

NAME = re.compile(r"[a-z][a-z0-9_]*")
_SIMULATED = "SIMULATED"


def check_description(
    meta: Mapping[str, Any], folder: str, where: str, known: Mapping[str, Column]
) -> Iterator[Problem]:
    """Yield what is wrong with names, with the label of simulated data, and with each described column."""
    name = meta["name"]
    if name != folder:
        yield Problem(where, f"name is {name}, but the folder is {folder}.", "Give both the same name.")
    yield from _synthetic_problems(meta, where)
    for column, rules in meta["columns"].items():
        yield from _name_problems(column, where)
        yield from _rule_problems(column, rules, known.get(column), where)


def _synthetic_problems(meta: Mapping[str, Any], where: str) -> Iterator[Problem]:
    prefixed = meta["name"].startswith(SYNTHETIC_PREFIX)
    if meta["synthetic"] and not prefixed:
        remedy = f"Rename the folder to {SYNTHETIC_PREFIX}{meta['name']}."
        yield Problem(where, "synthetic is true, but the name does not say so.", remedy)
    if prefixed and not meta["synthetic"]:
        remedy = "Say synthetic: true, or choose another name."
        yield Problem(where, f"the name starts with {SYNTHETIC_PREFIX}, but synthetic is false.", remedy)
    if meta["synthetic"] and not meta["title"].startswith(_SIMULATED):
        yield Problem(where, f"the title does not start with {_SIMULATED}.", f"Start it with {_SIMULATED}.")


def _name_problems(column: str, where: str) -> Iterator[Problem]:
    if not NAME.fullmatch(column):
        remedy = "Use lower-case letters, digits and underscores, starting with a letter."
        yield Problem(where, f'"{column}" cannot be the name of a column.', remedy)
    elif keyword.iskeyword(column) or column in RESERVED_COLUMNS:
        yield Problem(where, f"the column name {column} has another meaning here.", "Choose another name.")


def _rule_problems(column: str, rules: Mapping[str, Any], known: Column | None, where: str) -> Iterator[Problem]:
    kind = rules.get("type", known.type if known else None)
    if kind is None:
        yield Problem(where, f"the column {column} has no type.", "Write string, integer, number or boolean.")
    elif known and kind != known.type:
        yield Problem(where, f"the column {column} is {known.type}, not {kind}.", "Leave its type out.")
    if known is None and "description" not in rules:
        yield Problem(where, f"the column {column} has no description.", "Say what it means.")
    if "levels" in rules and kind != "string":
        yield Problem(
            where, f"the column {column} has levels but is not text.", "Write type: string, or remove levels."
        )
    if rules.get("minimum", float("-inf")) > rules.get("maximum", float("inf")):
        yield Problem(where, f"the column {column} has a minimum above its maximum.", "Swap them.")
    if kind in ("string", "boolean") and ("minimum" in rules or "maximum" in rules):
        yield Problem(where, f"the column {column} is {kind} and cannot have limits.", "Remove minimum and maximum.")
