"""Path models as text, `engagement ~ relationship; achievement ~ engagement + relationship`, read by hand: no eval."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analysis.errors import ConfigError

NAME: Final = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathModel:
    """A recursive path model.

    Attributes
    ----------
    variables : tuple of str
        Causes before effects: the exogenous ones first.
    exogenous : tuple of str
        Variables without predictors; all their correlations are free.
    paths : tuple of (outcome, predictor)
    disturbances : tuple of (outcome, outcome)
        Free covariances of what is left unexplained in two outcomes.
    """

    variables: tuple[str, ...]
    exogenous: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    disturbances: tuple[tuple[str, str], ...]
    text: str

    def chains(self, source: str, outcome: str) -> list[tuple[str, ...]]:
        """All directed ways from `source` to `outcome`, the shortest first."""
        found: list[tuple[str, ...]] = []
        open_ends: list[tuple[str, ...]] = [(source,)]
        while open_ends:
            way = open_ends.pop(0)
            if way[-1] == outcome:
                found.append(way)
                continue
            open_ends += [(*way, effect) for effect, cause in self.paths if cause == way[-1]]
        return found


def parse_path_model(text: str) -> PathModel:
    """Read a path model.

    Parameters
    ----------
    text : str
        Statements `outcome ~ predictor + predictor` and `outcome ~~ outcome` (correlated disturbances), apart by `;`
        or by line. Names are letters, digits and `_`.

    Raises
    ------
    ConfigError
        Anything else, a path twice, a cycle, a disturbance of a variable without predictors.
    """
    paths: list[tuple[str, str]] = []
    disturbances: list[tuple[str, str]] = []
    for statement in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        sides = statement.split("~~" if "~~" in statement else "~")
        if len(sides) != 2:
            raise ConfigError(f"path model: cannot read {statement!r}. Write `outcome ~ predictor + predictor`.")
        names = [_name(word, statement) for word in sides[1].split("+")]
        (disturbances if "~~" in statement else paths).extend((_name(sides[0], statement), name) for name in names)
    _refuse_repeats(paths, disturbances)
    variables = _in_causal_order(paths)
    outcomes = {outcome for outcome, _ in paths}
    if wrong := sorted({name for pair in disturbances for name in pair} - outcomes):
        raise ConfigError(f"path model: {', '.join(wrong)} has no predictors, so no disturbance. Leave out its `~~`.")
    return PathModel(
        variables=variables,
        exogenous=tuple(name for name in variables if name not in outcomes),
        paths=tuple(paths),
        disturbances=tuple(disturbances),
        text=text,
    )


def _name(word: str, statement: str) -> str:
    if not NAME.fullmatch(word.strip()):
        raise ConfigError(f"path model: {word.strip()!r} in {statement!r} is not a name. Use letters, digits and _.")
    return word.strip()


def _refuse_repeats(paths: list[tuple[str, str]], disturbances: list[tuple[str, str]]) -> None:
    if not paths:
        raise ConfigError("path model: there is no path. Write `outcome ~ predictor`.")
    for what in (paths, [(min(pair), max(pair)) for pair in disturbances]):
        for pair in what:
            if what.count(pair) > 1 or pair[0] == pair[1]:
                raise ConfigError(f"path model: {pair[0]} and {pair[1]} are related twice or to themselves.")


def _in_causal_order(paths: list[tuple[str, str]]) -> tuple[str, ...]:
    causes: Mapping[str, set[str]] = {name: set() for path in paths for name in reversed(path)}
    for outcome, predictor in paths:
        causes[outcome].add(predictor)
    ordered: list[str] = [name for name, before in causes.items() if not before]
    while len(ordered) < len(causes):
        ready = [name for name, before in causes.items() if name not in ordered and before <= set(ordered)]
        if not ready:
            left = ", ".join(name for name in causes if name not in ordered)
            raise ConfigError(f"path model: {left} cause each other in a circle. Only recursive models can be fitted.")
        ordered.append(ready[0])
    return tuple(ordered)
