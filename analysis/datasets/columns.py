"""What one column of a table may hold, read from a JSON Schema or from a `dataset.yaml`."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `type` is string, integer, number or boolean; None in a limit means there is none."""

    name: str
    type: str
    description: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    levels: tuple[str, ...] = ()
    missing: bool = False


def columns_of_schema(schema: Mapping[str, Any]) -> dict[str, Column]:
    """Return the columns of the JSON Schema of a table, in its order."""
    properties: Mapping[str, Mapping[str, Any]] = schema["items"]["properties"]
    return {name: _column_of_property(name, rules) for name, rules in properties.items()}


def _column_of_property(name: str, rules: Mapping[str, Any]) -> Column:
    types = [rules["type"]] if isinstance(rules["type"], str) else list(rules["type"])
    kind = next(word for word in types if word != "null")
    return Column(
        name=name,
        type=kind,
        description=rules.get("description", ""),
        unit=rules.get("unit", ""),
        minimum=rules.get("minimum"),
        maximum=rules.get("maximum"),
        above=rules.get("exclusiveMinimum"),
        levels=tuple(str(level) for level in rules.get("enum", ()) if level is not None),
        missing="null" in types,
    )


def columns_of_dataset(declared: Mapping[str, Mapping[str, Any]], known: Mapping[str, Column]) -> dict[str, Column]:
    """Return every column a dataset may use: those the toolkit knows, as the dataset describes them, then its own.

    Parameters
    ----------
    declared : the mapping `columns` of a `dataset.yaml`.
    known : columns of the schema of its table.
    """
    return {**known, **{name: _declared(name, rules, known.get(name)) for name, rules in declared.items()}}


def _declared(name: str, rules: Mapping[str, Any], known: Column | None) -> Column:
    base = known or Column(name=name, type=rules.get("type", "string"))
    return Column(
        name=name,
        type=base.type,
        description=rules.get("description", base.description),
        unit=rules.get("unit", base.unit),
        minimum=_tighter(rules.get("minimum"), base.minimum, max),
        maximum=_tighter(rules.get("maximum"), base.maximum, min),
        above=base.above,
        levels=tuple(rules.get("levels", base.levels)),
        missing=rules.get("missing", base.missing),
    )


def sound_rules(rules: object) -> dict[str, Any]:
    """Return the rules of a column that are of the right kind, so that its cells can be read despite the rest."""
    given = rules if isinstance(rules, dict) else {}
    return {key: value for key, value in given.items() if key in _SOUND and _SOUND[key](value)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": lambda value: value in ("string", "integer", "number", "boolean"),
    "unit": lambda value: isinstance(value, str),
    "description": lambda value: isinstance(value, str),
    "minimum": _is_number,
    "maximum": _is_number,
    "levels": _are_words,
    "missing": lambda value: isinstance(value, bool),
}


def _tighter(one: float | None, other: float | None, choose: Any) -> float | None:
    given = [limit for limit in (one, other) if limit is not None]
    return choose(given) if given else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return "Did you mean x? " for the nearest known word, or nothing."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(str(word).lower(), list(names), n=1)
    return f"Did you mean {names[near[0]]}? " if near else ""
