"""Read the small part of BibTeX that `reports/references.bib` uses: `@type{key, field = {value}, ...}`, braces nested.

pandoc's citeproc with the style of APA was compared on every entry: it drops article numbers and conferences, sorts
`van Erp` under E, writes proper names in titles in lower case, and takes half a second a page. Everything downstream
sees `Work`, so that a library can take this module's place.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from analysis.errors import ConfigError

ENTRY: Final = re.compile(r"@(\w+)\s*\{\s*([^\s,{}]+)\s*,")
FIELD: Final = re.compile(r"\s*([A-Za-z]+)\s*=\s*")
ESCAPED: Final = re.compile(r"\\([&%$#_])")
# TeX's accents of letters, and the marks that Unicode puts after a letter.
ACCENTED: Final = re.compile(r"\\([\"'`^~])\{?([A-Za-z])\}?")
MARKS: Final = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One work: key, type and fields; names as `(family, given)`, a body without a given name as `(name, "")`."""

    key: str
    kind: str
    fields: Mapping[str, str]
    authors: tuple[tuple[str, str], ...]
    editors: tuple[tuple[str, str], ...]


def parse_bibtex(text: str) -> dict[str, Work]:
    """Return the works of a BibTeX file by key; ConfigError names the entry that cannot be read."""
    works: dict[str, Work] = {}
    for match in ENTRY.finditer(text):
        kind, key = match[1].lower(), match[2]
        if key in works:
            raise ConfigError(f"references.bib: {key} stands there twice. Keep one of the two.")
        fields = dict(_fields(text, match.end(), key))
        works[key] = Work(
            key=key,
            kind=kind,
            fields={name: _plain(value) for name, value in fields.items()},
            authors=_names(fields.get("author", "")),
            editors=_names(fields.get("editor", "")),
        )
    return works


def _fields(text: str, position: int, key: str) -> Iterator[tuple[str, str]]:
    while match := FIELD.match(text, position):
        value, position = _value(text, match.end(), key)
        yield match[1].lower(), value
        separator = re.compile(r"\s*,?").match(text, position)
        position = separator.end() if separator else position
    if not re.compile(r"\s*\}").match(text, position):
        raise ConfigError(f"references.bib: {key} does not end where it should. Write every value in braces.")


def _value(text: str, start: int, key: str) -> tuple[str, int]:
    if text[start] != "{":
        raise ConfigError(f"references.bib: {key} has a value without braces. Write every value in braces.")
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[start + 1 : position], position + 1
    raise ConfigError(f"references.bib: a brace of {key} is not closed. Close it.")


def _plain(value: str) -> str:
    letters = ACCENTED.sub(lambda match: normalize("NFC", match[2] + MARKS[match[1]]), value)
    bare = ESCAPED.sub(r"\1", letters).replace("{", "").replace("}", "")
    return " ".join(bare.replace("--", "\u2013").split())


def _names(value: str) -> tuple[tuple[str, str], ...]:
    names = [name.strip() for name in re.split(r"\s+and\s+", value) if name.strip()]
    return tuple(_name(name) for name in names)


def _name(name: str) -> tuple[str, str]:
    if name.startswith("{") or "," not in name:
        return _plain(name), ""
    family, given = name.split(",", 1)
    return _plain(family), _plain(given)
