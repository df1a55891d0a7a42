"""What a review says of each study: its characteristics and the risk of bias, held to the studies of effects.csv."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.datasets.cells import Cell, Records
from analysis.datasets.columns import Column, did_you_mean
from analysis.vocabulary import OVERALL, RISK_MARKS, RISK_NOT_KNOWN, RISK_TOOLS, RISK_UNKNOWN

type Part = Mapping[str, Any]

_TYPES: Final = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}
_WORDS: Final = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Study:
    """A study of the review: `effects` says whether effects.csv holds it."""

    study_id: str
    slab: str
    effects: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in review.yaml: its keys, what it is, what to do."""

    path: tuple[str, ...]
    what: str
    remedy: str


def studies_of(records: Records, without: Sequence[Part]) -> list[Study]:
    """Return every study once, by its first label: those of effects.csv in its order, then those without effects."""
    labels: dict[str, str] = {}
    for record in records:
        if record.get("study_id") is not None:
            labels.setdefault(str(record["study_id"]), str(record.get("slab") or record["study_id"]))
    with_effects = [Study(name, label, True) for name, label in labels.items()]
    extra = {str(row["study_id"]): Study(str(row["study_id"]), str(row["slab"]), False) for row in without}
    return [*with_effects, *(study for name, study in extra.items() if name not in labels)]


def check_without(without: Sequence[Part], records: Records) -> Iterator[Finding]:
    """Yield studies that are named twice, or that do have effects."""
    held = {str(record["study_id"]) for record in records if record.get("study_id") is not None}
    seen: set[str] = set()
    for i, row in enumerate(without):
        path, name = ("without_effects", str(i), "study_id"), str(row["study_id"])
        if name in held:
            yield Finding(path, f"{_key(path)} is {name}, and effects.csv has effects of it.", "Remove the entry.")
        elif name in seen:
            yield Finding(path, f"{_key(path)} is {name}, which stands here twice.", "Keep one of them.")
        seen.add(name)


def check_ids(path: tuple[str, ...], rows: Collection[str], studies: Sequence[Study]) -> Iterator[Finding]:
    """Yield identifiers that no study has."""
    known = {study.study_id for study in studies}
    for name in rows:
        if name not in known:
            remedy = f"{did_you_mean(name, known)}Use a study_id of effects.csv, or name the study in without_effects."
            yield Finding((*path, name), f"{_key(path)}: there is no study {name}.", remedy)


# --- Characteristics --------------------------------------------------------------------------------------------------


def check_characteristics(
    part: Part, records: Records, columns: Mapping[str, Column], studies: Sequence[Study]
) -> Iterator[Finding]:
    """Yield what is wrong with the columns, the rows and the values of the table."""
    declared, taken = part.get("columns", {}), part.get("from", [])
    for i, name in enumerate(taken):
        yield from _taken_problems(("characteristics", "from", str(i)), name, records, columns)
        if name in declared or name in taken[:i]:
            path = ("characteristics", "from", str(i))
            yield Finding(path, f"{_key(path)}: the column {name} stands here twice.", "Keep one of them.")
    for name in part.get("labels", {}):
        if name not in taken:
            path = ("characteristics", "labels", name)
            yield Finding(path, f"{_key(path)}: {name} is not taken from effects.csv.", "Name it under from.")
    if not declared and not taken:
        yield Finding(
            ("characteristics",),
            "characteristics has no column.",
            "Describe one under columns, or name one under from.",
        )
    rows = part.get("rows", {})
    yield from check_ids(("characteristics", "rows"), rows, studies)
    for study, values in rows.items():
        for name, value in values.items():
            yield from _value_problems(("characteristics", "rows", study, name), declared, name, value)


def _taken_problems(
    path: tuple[str, ...], name: str, records: Records, columns: Mapping[str, Column]
) -> Iterator[Finding]:
    if name not in columns:
        remedy = f"{did_you_mean(name, columns)}Name a column of effects.csv, or describe it under columns."
        yield Finding(path, f"{_key(path)}: effects.csv has no column {name}.", remedy)
        return
    for study, values in _values_of(name, records).items():
        if len(values) > 1:
            shown = ", ".join(_text(value) for value in values[:3])
            what = f"{_key(path)}: the column {name} has {len(values)} values in study {study} ({shown})."
            yield Finding(path, what, "Describe the column under columns and give one value per study.")
            return


def _values_of(name: str, records: Records) -> dict[str, list[Cell]]:
    """Return the different values of a column by study; an empty cell beside a value says nothing."""
    values: dict[str, list[Cell]] = {}
    for record in records:
        own = values.setdefault(str(record.get("study_id")), [])
        if record.get(name) is not None and record[name] not in own:
            own.append(record[name])
    return values


def _value_problems(path: tuple[str, ...], declared: Part, name: str, value: Cell) -> Iterator[Finding]:
    if name not in declared:
        remedy = f"{did_you_mean(name, declared)}Describe the column under characteristics.columns."
        yield Finding(path, f"{_key(path)}: there is no column {name}.", remedy)
        return
    kind = declared[name].get("type", "string")
    wrong = isinstance(value, bool) != (kind == "boolean") or not isinstance(value, _TYPES[kind])
    if value is not None and (wrong or (isinstance(value, float) and not math.isfinite(value))):
        remedy = f"Write {_WORDS[kind]}, put text in quotation marks, or give the column another type."
        yield Finding(path, f"{_key(path)} is {_text(value)}, which is not {_WORDS[kind]}.", remedy)


def describe_characteristics(
    part: Part, records: Records, columns: Mapping[str, Column], studies: Sequence[Study]
) -> dict[str, Any]:
    """Return the table: its columns, and every study of the review with what is known of it.

    Values are text as it was written; a study of which nothing is said has `described` false.
    """
    labels = part.get("labels", {})
    taken = [
        {
            "name": name,
            "label": labels.get(name) or name.replace("_", " ").capitalize(),
            "unit": columns[name].unit or None,
        }
        | {"type": columns[name].type, "brought": False}
        for name in part.get("from", [])
    ]
    own = [
        {"name": name, "label": rules["label"], "unit": rules.get("unit")}
        | {"type": rules.get("type", "string"), "brought": True}
        for name, rules in part.get("columns", {}).items()
    ]
    values = {name: _values_of(name, records) for name in part.get("from", [])}
    rows, listed = part.get("rows", {}), []
    for study in studies:
        cells = {name: next(iter(found.get(study.study_id, [])), None) for name, found in values.items()}
        cells |= {column["name"]: rows.get(study.study_id, {}).get(column["name"]) for column in own}
        known = {name: None if value is None else _written(value) or None for name, value in cells.items()}
        listed.append(_study(study) | {"values": known, "described": any(known.values())})
    return {"columns": [*taken, *own], "studies": listed}


# --- Risk of bias -----------------------------------------------------------------------------------------------------


def levels_of(part: Part) -> list[str]:
    """Return the judgements of a tool from the lowest risk to the highest; none where they are not known."""
    return list(part.get("levels", RISK_TOOLS.get(part["tool"], ())))


def check_risk(part: Part, studies: Sequence[Study]) -> Iterator[Finding]:
    """Yield what is wrong with the levels and the judgements."""
    levels = levels_of(part)
    yield from _level_problems(part, levels)
    judged = part["judgements"]
    yield from check_ids(("risk_of_bias", "judgements"), judged, studies)
    domains = [*part["domains"], OVERALL]
    for study, judgements in judged.items():
        for domain, judgement in judgements.items():
            path = ("risk_of_bias", "judgements", study, domain)
            level = judgement["level"] if isinstance(judgement, Mapping) else judgement
            if domain not in domains:
                remedy = f"{did_you_mean(domain, domains)}Name it under risk_of_bias.domains."
                yield Finding(path, f"{_key(path)}: there is no domain {domain}.", remedy)
            elif levels and level not in levels:
                remedy = f"{did_you_mean(level, levels)}Levels: {', '.join(levels)}."
                yield Finding(path, f"{_key(path)} is {_text(level)}, which is no level of {part['tool']}.", remedy)


def _level_problems(part: Part, levels: Sequence[str]) -> Iterator[Finding]:
    path = ("risk_of_bias", "levels")
    if not levels:
        what = f"the levels of {part['tool']} are not known here."
        yield Finding(("risk_of_bias", "tool"), what, "Add levels, from the lowest risk to the highest.")
    if len(set(levels)) < len(levels):
        yield Finding(path, "risk_of_bias.levels names a level twice.", "Keep one of them.")
    for name in part.get("unknown", []):
        if name not in levels:
            where = ("risk_of_bias", "unknown")
            yield Finding(where, f"risk_of_bias.unknown: {name} is not a level.", "Name one of the levels.")
    if levels and len([level for level in levels if not _is_unknown(part, level)]) not in RISK_MARKS:
        remedy = f"Give 1 to {max(RISK_MARKS)} of them, beside those that say nothing of the risk."
        yield Finding(path, "risk_of_bias.levels are too many, or none says how high the risk is.", remedy)


def _is_unknown(part: Part, level: str) -> bool:
    return level in part["unknown"] if "unknown" in part else level.lower() in RISK_UNKNOWN


def describe_risk(part: Part, studies: Sequence[Study]) -> dict[str, Any]:
    """Return tool, levels with their marks, domains, and every study of the review with its judgements.

    A study that was not judged has no judgements; `overall` is among the domains where any study has it.
    """
    levels = levels_of(part)
    known = [level for level in levels if not _is_unknown(part, level)]
    marks = dict(zip(known, RISK_MARKS[len(known)], strict=True))
    domains = [{"code": code, "label": label} for code, label in part["domains"].items()]
    if any(OVERALL in judgements for judgements in part["judgements"].values()):
        domains.append({"code": OVERALL, "label": "Overall"})
    return {
        "tool": part["tool"],
        "citation": part.get("citation"),
        "levels": [{"level": level, "mark": marks.get(level, RISK_NOT_KNOWN)} for level in levels],
        "domains": domains,
        "studies": [
            _study(study) | {"judgements": _judgements(part["judgements"].get(study.study_id, {}))} for study in studies
        ],
    }


def _judgements(given: Part) -> dict[str, dict[str, str | None]]:
    return {
        domain: {"level": judgement["level"], "support": _line(judgement.get("support"))}
        if isinstance(judgement, Mapping)
        else {"level": judgement, "support": None}
        for domain, judgement in given.items()
    }


# --- Shared -----------------------------------------------------------------------------------------------------------


def _study(study: Study) -> dict[str, Any]:
    return {"study_id": study.study_id, "slab": _written(study.slab), "effects": study.effects}


def _key(path: Sequence[str]) -> str:
    return ".".join(path)


def _line(text: str | None) -> str | None:
    return None if text is None else _written(text) or None


def _text(value: Cell) -> str:
    """Return a value as a message shows it."""
    shown = _written(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _written(value: Cell) -> str:
    """Return a value as text: one line, numbers with all their digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())
