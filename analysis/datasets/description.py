"""`dataset.yaml` and `truth.yaml`: read with the line of every key, explained against their JSON Schemas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from analysis.datasets.columns import did_you_mean
from analysis.errors import Problem

_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_LIMITS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
_DEEPEST = 12


def read_description(text: str, where: str, schema: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return a description and everything that is wrong with it; None when it cannot be read at all."""
    try:
        problems = list(_alias_problems(text, where))
        if problems:
            return None, problems
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        problems = list(_structure_problems(node, where, 0))
        if problems:
            return None, problems
        described = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return None, [_unreadable(where, error)]
    if not isinstance(described, dict):
        remedy = "Write keys and values such as `title: Positive regard`."
        return None, [Problem(where, "there are no keys in it.", remedy)]
    return described, list(_schema_problems(described, node, where, schema))


def _unreadable(where: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    place = f"{where}:{mark.line + 1}" if mark else where
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    remedy = "Indent with spaces, and put text that holds a colon or a # in quotation marks."
    return Problem(place, f"this is not YAML ({what}).", remedy)


def _alias_problems(text: str, where: str) -> Iterator[Problem]:
    """Aliases let a small file unfold into a huge one; a description has no use for them."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            place = f"{where}:{event.start_mark.line + 1}" if event.start_mark else where
            yield Problem(
                place, f"*{event.anchor} refers to another place.", "Write the value out, or quote the asterisk."
            )
            return


def _structure_problems(node: yaml.Node | None, where: str, depth: int) -> Iterator[Problem]:
    if node is None:
        return
    place = f"{where}:{node.start_mark.line + 1}"
    if depth > _DEEPEST:
        yield Problem(
            place, "the lists are nested too deeply.", "Write the description flat, as in the other datasets."
        )
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = f"{where}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                shown = getattr(key, "value", "")
                yield Problem(line, f"the key {shown} is not text for YAML.", f'Put it in quotation marks: "{shown}".')
            elif key.value in seen:
                yield Problem(line, f"the key {key.value} stands here twice.", "Keep one of them.")
            seen.add(str(key.value))
            yield from _structure_problems(value, where, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _structure_problems(value, where, depth + 1)


def _schema_problems(described: Any, node: Any, where: str, schema: Mapping[str, Any]) -> Iterator[Problem]:
    import fastjsonschema

    # Its generated check takes microseconds, but it stops at the first error and does not know where it is.
    gate = fastjsonschema.compile({**schema, "$schema": "http://json-schema.org/draft-07/schema#"}, use_default=False)
    try:
        gate(described)
        return
    except fastjsonschema.JsonSchemaValueException:
        pass
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema).iter_errors(described)
    for error in sorted(errors, key=lambda one: (_line(node, one.absolute_path), str(one.message))):
        yield from _sentences(f"{where}:{_line(node, error.absolute_path)}", error, node, where)


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line of a YAML text on which the value of some keys (of a list, its place from 0) starts."""
    return _line(yaml.compose(text, Loader=yaml.SafeLoader), path)


def _line(node: Any, path: Any) -> int:
    """Return the line of the value at a path, or of its nearest parent."""
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
    return line


def _sentences(place: str, error: Any, root: Any, where: str) -> Iterator[Problem]:
    path = ".".join(str(step) for step in error.absolute_path)
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema["properties"])
            for key in (key for key in value if key not in known):
                line = _line(root, [*error.absolute_path, key])
                remedy = f"{did_you_mean(key, known)}Allowed: {', '.join(known)}."
                yield Problem(f"{where}:{line}", f'"{key}" is not a key here.', remedy)
        case "required":
            missing = error.message.split("'")[1]
            meaning = error.schema.get("properties", {}).get(missing, {}).get("description")
            yield Problem(place, f"the key {missing} is missing.", f"Add {missing}{f': {meaning}' if meaning else ''}.")
        case "type":
            kinds = [rule] if isinstance(rule, str) else rule
            asked = " or ".join(_TYPES[kind] for kind in kinds)
            yield Problem(place, f"{path} is {_shown(value)}, which is not {asked}.", f"Write {asked}.")
        case "enum":
            allowed = [str(word) for word in rule]
            remedy = f"{did_you_mean(value, allowed)}Allowed: {', '.join(allowed)}."
            yield Problem(place, f"{path} is {_shown(value)}.", remedy)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            yield Problem(place, f"{path} is {value}.", f"Give a value {_LIMITS[error.validator]} {rule}.")
        case "minLength" | "minItems":
            yield Problem(place, f"{path} is empty.", f"Fill it in: {error.schema.get('description', 'it is needed')}.")
        case _:
            meaning = error.schema.get("description", "see data/README.md") if isinstance(error.schema, dict) else ""
            yield Problem(place, f"{path} is {_shown(value)}.", f"It should be: {meaning}.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
