"""Sentences for a configuration that is not of the shape its JSON Schema asks for."""

import difflib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analysis.errors import Problem

if TYPE_CHECKING:
    from jsonschema import ValidationError

_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return the second half of a message: the nearest known word, then all of them."""
    known = list(known)
    near = difflib.get_close_matches(str(word), known, n=1) or difflib.get_close_matches(
        str(word).lower(), [name.lower() for name in known], n=1
    )
    names = {name.lower(): name for name in known}
    hint = f"Did you mean {names[near[0].lower()]}? " if near else ""
    return f"{hint}Known: {', '.join(known)}." if known else "There is none to choose from."


def explain(where: str, choices: Any, schema: dict[str, Any]) -> Iterator[Problem]:
    """Yield one problem for each way in which the choices break the schema, in the order of the file."""
    # Slow to import, so it waits until there is something to explain.
    from jsonschema import Draft202012Validator

    errors = sorted(
        Draft202012Validator(schema).iter_errors(choices), key=lambda error: [str(step) for step in error.absolute_path]
    )
    for error in errors:
        path = ".".join(str(step) for step in error.absolute_path)
        yield from _sentences(f"{where}: {path}" if path else where, error)


def _sentences(where: str, error: "ValidationError") -> Iterator[Problem]:
    value: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            known = list(schema["properties"])
            for key in (key for key in value if key not in known):
                yield Problem(where, f'"{key}" is not a key here.', did_you_mean(key, known))
        case "required":
            missing = error.message.split("'")[1]
            yield Problem(
                where, f"the key {missing} is missing.", f"Add {missing}; config/README.md says what it means."
            )
        case "type":
            kinds = [rule] if isinstance(rule, str) else rule
            yield Problem(
                where, f"{_shown(value)} is not {_either(kinds)}.", "Change it; config/README.md shows an example."
            )
        case "enum":
            yield Problem(where, f'"{value}" is not a word for this.', did_you_mean(value, rule))
        case "pattern":
            yield Problem(where, f'"{value}" is not a name.', "Use lower-case letters, digits and underscores only.")
        case "minProperties" | "minItems" | "minLength":
            yield Problem(where, "nothing is given.", "Give at least one, or remove the key to use the default.")
        case "uniqueItems":
            yield Problem(where, "something is listed twice.", "Keep one of them.")
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            words = {
                "minimum": "at least",
                "maximum": "at most",
                "exclusiveMinimum": "above",
                "exclusiveMaximum": "below",
            }
            yield Problem(where, f"{value} is out of range.", f"Give a value {words[str(error.validator)]} {rule}.")
        case _:
            yield Problem(where, f"{error.message}.", "See config/README.md.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _either(kinds: list[str]) -> str:
    return " or ".join(_TYPES[kind] for kind in kinds)
