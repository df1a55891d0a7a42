"""The package as its own page tells it: rooms in the order of their floors, every public name with its docstring.

pdoc finds names and docstrings and turns numpydoc into HTML. Signatures are taken from the source: a reader sees
`yi: ArrayLike` as it was written, and no default is shown as an object with an address.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from inspect import cleandoc
from pprint import pformat
from textwrap import dedent
from types import ModuleType
from typing import Any, Final

from markupsafe import Markup

from analysis.reporting.api_links import Entry, Group, Room, link_rooms

PACKAGE: Final = "analysis"
# How the package is started, not what it can do: nobody imports from these.
ENTRANCES: Final = frozenset(("stages", "commands", "__main__"))
FLOOR: Final = re.compile(r"\w+")
CITED: Final = re.compile(r"\[(\w+)\]_")
LISTED: Final = re.compile(r"^\.\. \[(\w+)\]", re.MULTILINE)
HEADING: Final = re.compile(r"<h\d[^>]*>(.*?)</h\d>")
# What follows a parameter's name, and how the text goes on below.
TYPED: Final = re.compile(r"</strong> \((.*)\):\s*(</|\S?)")
# What is returned is often a sentence, not a name.
UNNAMED: Final = re.compile(r"<li>(?:<p>)?<strong>([^<]* .*)</strong>(?:</p>)?</li>")
LONGEST_TYPE: Final = 45
VALUE_WIDTH: Final = 100
# Values that are shown: they look the same in every run.
PLAIN: Final = (str, int, float, tuple, list, dict, frozenset, set)


def rooms_of(layers: Sequence[str]) -> list[str]:
    """Return the rooms that a reader imports from, the lowest floor first, given the layers that imports go down by."""
    return [room for layer in reversed(layers) for room in FLOOR.findall(layer) if room not in ENTRANCES]


def describe_rooms(names: Sequence[str]) -> list[Room]:
    """Return what the pages show of some rooms, in this order, with a link wherever one of their names is mentioned."""
    return link_rooms([describe_room(name) for name in names])


def describe_room(name: str) -> Room:
    """Return the public names of a room: those it exports itself, or else those of its modules."""
    module = importlib.import_module(f"{PACKAGE}.{name}")
    about, more = _opening(module.__doc__)
    groups = [_group(place, *part) for place, part in _parts(module)]
    kept = tuple(group for group in groups if group.entries)
    return Room(name=name, about=_inline(about), more=_html(more), groups=kept)


def render_api(rooms: Sequence[Room], environment: Any) -> dict[str, str]:
    """Return the pages by file name: the list of rooms, and one page for each."""
    pages = {"index.html": environment.get_template("index.html.j2").render(rooms=rooms)}
    for room in rooms:
        pages[f"{room.name}.html"] = environment.get_template("room.html.j2").render(room=room)
    return {name: f"{page.rstrip()}\n" for name, page in pages.items()}


def _parts(room: ModuleType) -> Iterator[tuple[str, tuple[str, list[Any], bool]]]:
    """Return where to import from, and (docstring, pdoc's names, whether names are qualified), module by module."""
    from pdoc.doc import Module

    if hasattr(room, "__all__"):
        exported: dict[str, list[Any]] = {}
        for doc in Module(room).members.values():
            exported.setdefault(_home(doc), []).append(doc)
        for home, docs in exported.items():
            about = importlib.import_module(home).__doc__ if home != room.__name__ else ""
            yield room.__name__, (about or "", docs, False)
    elif hasattr(room, "__path__"):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            module = importlib.import_module(found.name)
            docs = [doc for doc in Module(module).own_members if _is_public(doc) and doc.kind != "variable"]
            yield found.name, (module.__doc__ or "", docs, True)
    else:
        yield room.__name__, ("", [doc for doc in Module(room).own_members if _is_public(doc)], False)


def _home(doc: Any) -> str:
    """Return the module that defines a name."""
    home = str(doc.taken_from[0])
    return str(getattr(doc.obj, "__module__", home)) if doc.kind != "variable" else home


def _is_public(doc: Any) -> bool:
    return not doc.name.startswith("_") and doc.kind != "module"


def _group(place: str, about: str, docs: Sequence[Any], qualified: bool) -> Group:
    prefix = f"{place.rpartition('.')[2]}." if qualified else ""
    entries = tuple(_entry(doc, prefix, _home(doc)) for doc in docs)
    # It becomes a heading.
    return Group(place=place, about=_inline(_opening(about)[0].removesuffix(".")), entries=entries)


def _opening(docstring: str | None) -> tuple[str, str]:
    """Return the first paragraph of a docstring, and the rest."""
    opening, _, rest = cleandoc(docstring or "").partition("\n\n")
    return opening, rest


def _entry(doc: Any, prefix: str, home: str) -> Entry:
    node = _node(doc)
    members = doc.own_members if doc.kind == "class" else ()
    shown = [member for member in members if _is_public(member) and member.docstring and member.kind != "class"]
    return Entry(
        name=doc.name,
        anchor=f"{prefix}{doc.name}",
        home=home,
        kind={"variable": "constant"}.get(doc.kind, doc.kind),
        signature=Markup(escape(_signature(node), quote=False)),
        value=_value(doc),
        text=_html(doc.docstring),
        members=tuple(_entry(member, f"{prefix}{doc.name}.", home) for member in shown),
    )


def _node(doc: Any) -> ast.AST | None:
    """Return the definition of a function or class as its source has it; None for what has no source of its own."""
    if doc.kind not in ("function", "class") or not doc.source:
        return None
    return ast.parse(dedent(doc.source)).body[0]


def _signature(node: ast.AST | None) -> str:
    """Return what follows a name where it is defined: parameters and result, or bases and fields."""
    if isinstance(node, ast.FunctionDef):
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"({', '.join(_parameters(node.args))}){result}"
    if isinstance(node, ast.ClassDef):
        fields = [ast.unparse(line) for line in node.body if isinstance(line, ast.AnnAssign)]
        return f"({', '.join([*map(ast.unparse, node.bases), *fields])})" if fields or node.bases else ""
    return ""


def _parameters(arguments: ast.arguments) -> list[str]:
    """Return parameters as a formatter would set them: spaces around a default that follows an annotation."""
    named = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(named) - len(arguments.defaults))
    shown = [_parameter(*pair) for pair in zip(named, [*missing, *arguments.defaults], strict=True)]
    if arguments.posonlyargs:
        shown.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg or arguments.kwonlyargs:
        shown.append(f"*{_parameter(arguments.vararg, None) if arguments.vararg else ''}")
    shown += [_parameter(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    shown += [f"**{_parameter(arguments.kwarg, None)}"] if arguments.kwarg else []
    return shown[1:] if shown and shown[0] in ("self", "cls") else shown


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    if default is None:
        return ast.unparse(argument)
    return f"{ast.unparse(argument)}{' = ' if argument.annotation else '='}{ast.unparse(default)}"


def _value(doc: Any) -> str:
    """Return a constant as text: sets in order, since Python's own order of them changes from run to run."""
    if doc.kind != "variable" or isinstance(doc.default_value, type(Markup)):
        return ""
    if doc.is_type_alias_type or not isinstance(
        doc.default_value, (str, int, float, tuple, list, dict, frozenset, set)
    ):
        return str(doc.default_value_str) if doc.is_type_alias_type else ""
    return pformat(doc.default_value, width=VALUE_WIDTH, sort_dicts=False)


@cache
def _html(docstring: str) -> Markup:
    """Return a numpydoc docstring as HTML. It is text of the package, not of a stranger."""
    from pdoc.docstrings import numpy
    from pdoc.render_helpers import to_html

    # Footnotes of reStructuredText would be dropped by Markdown: they become a list with their numbers.
    listed = LISTED.sub(r" - [\1]", docstring)
    html = TYPED.sub(_typed, to_html(numpy(CITED.sub(r"[\1]", listed))))
    html = UNNAMED.sub(r"<li>\1</li>", html)
    return Markup(HEADING.sub(r'<p class="part">\1</p>', html))


def _typed(match: re.Match[str]) -> str:
    """Return what stands after a parameter's name without the brackets that pdoc puts around it.

    It takes all that follows the colon for a type. Here that is often the beginning of a sentence, or a shape that has
    brackets of its own.
    """
    told, rest = match[1], match[2]
    sentence = rest in ("", "</", "(", "&") or rest.islower() or len(told) > LONGEST_TYPE
    return f"</strong>: {told}{'' if rest == '</' else ' '}{rest}" if sentence else f"</strong> <i>{told}</i>: {rest}"


def _inline(line: str) -> Markup:
    return Markup(str(_html(line)).strip().removeprefix("<p>").removesuffix("</p>"))
