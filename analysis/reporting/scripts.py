"""Plain scripts that stand in a page, each allowed by its digest alone: nothing else runs, whatever the data hold."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from analysis.errors import ConfigError

SUFFIX: Final = ".js"
# What would end the element, or make the browser read on past its end.
UNSAFE: Final = ("</script", "<!--", "<script")
# Content-Security-Policy of every page; what may run is put in by digest.
POLICY: Final = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Script:
    """A script as it stands between its tags, and the source expression that allows it."""

    text: Markup
    source: str


def read_scripts(templates: Mapping[str, str]) -> dict[str, Script]:
    """Return every script among the templates by its name.

    Raises
    ------
    ConfigError
        When a script holds what ends its element.
    """
    return {name: _script(name, text) for name, text in templates.items() if name.endswith(SUFFIX)}


def policy(scripts: Iterable[Script]) -> Markup:
    """Return the content policy of a page with these scripts."""
    return Markup(POLICY.format(scripts=" ".join(script.source for script in scripts) or "'none'"))


def tidy(text: str) -> str:
    """Return a text without empty lines and blanks at the ends of lines, as pages are written."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def data_block(value: Any) -> Markup:
    """Return a value as JSON that a script element may hold: no letter of it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # no markup is left in it


def _script(name: str, text: str) -> Script:
    found = next((word for word in UNSAFE if word in text.lower()), None)
    if found is not None:
        raise ConfigError(f"reports/templates/{name}: holds {found!r}, which ends a script. Write it otherwise.")
    kept = tidy(text)
    digest = base64.b64encode(hashlib.sha256(kept.encode()).digest()).decode()
    return Script(Markup(kept), f"'sha256-{digest}'")
