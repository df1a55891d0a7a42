"""What the pages of the package hold, and the links between their names.

A class in a signature is looked up where the function is defined, so that a `Row` leads to the `Row` that is meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from sys import modules
from typing import Any, Final

from markupsafe import Markup

CODE: Final = re.compile(r"<code>([\w.]+)(\(\))?</code>")
NAME: Final = re.compile(r"\b[A-Z]\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A public name: its `kind` (function, class, constant), what it takes or is, what its docstring says.

    `home` is the module that defines it.
    """

    name: str
    anchor: str
    home: str
    kind: str
    signature: Markup
    value: str
    text: Markup
    members: tuple["Entry", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Names that one module defines: the module they are imported from, what it says of itself, the names."""

    place: str
    about: Markup
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A package or module on one floor: its name, one line about it, the rest of its docstring, its names by module."""

    name: str
    about: Markup
    more: Markup
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A place that can be linked to: its address, and the object that stands there."""

    address: str
    place: str
    home: str
    thing: Any


def link_rooms(rooms: Sequence[Room]) -> list[Room]:
    """Return the rooms with a link wherever one of their names is mentioned and it is plain which."""
    targets: dict[str, list[Target]] = {}
    for room in rooms:
        for group in room.groups:
            for entry in group.entries:
                target = Target(f"{room.name}.html#{entry.anchor}", group.place, entry.home, _thing(entry))
                targets.setdefault(entry.name, []).append(target)
    return [_link_room(room, targets) for room in rooms]


def _thing(entry: Entry) -> Any:
    return getattr(modules[entry.home], entry.name, None)


def _link_room(room: Room, targets: dict[str, list[Target]]) -> Room:
    groups = tuple(
        replace(group, entries=tuple(_link_entry(entry, targets) for entry in group.entries)) for group in room.groups
    )
    return replace(room, groups=groups)


def _link_entry(entry: Entry, targets: dict[str, list[Target]]) -> Entry:
    def in_signature(match: re.Match[str]) -> str:
        return _anchor(_meant(match[0], entry.home, targets), match[0])

    def in_text(match: re.Match[str]) -> str:
        return _anchor(_mentioned(match[1], entry.home, targets), match[0])

    return replace(
        entry,
        signature=Markup(NAME.sub(in_signature, str(entry.signature))),
        text=Markup(CODE.sub(in_text, str(entry.text))),
        members=tuple(_link_entry(member, targets) for member in entry.members),
    )


def _anchor(address: str | None, shown: str) -> str:
    return shown if address is None else f'<a href="{address}">{shown}</a>'


def _meant(name: str, home: str, targets: dict[str, list[Target]]) -> str | None:
    """Return the address of what a name stands for in a module, if it has one."""
    thing = getattr(modules[home], name, None)
    return next((target.address for target in targets.get(name, ()) if target.thing is thing is not None), None)


def _mentioned(name: str, home: str, targets: dict[str, list[Target]]) -> str | None:
    """Return the address of a name in a docstring: as its module means it, or else the only one that is so called.

    A short word may be an argument, so only a name with an underscore, a capital or a module is looked for elsewhere.
    """
    module, _, last = name.rpartition(".")
    if address := _meant(last, home, targets):
        return address
    room = home.split(".")[:2]
    found = targets.get(last, ())
    if module:
        found = [
            target
            for target in found
            if module.rpartition(".")[2] in (*target.place.split("."), *target.home.split("."))
        ]
    elif last.islower() and "_" not in last:
        found = [target for target in found if target.home.split(".")[:2] == room]
    return found[0].address if len(found) == 1 else None
