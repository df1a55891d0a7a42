"""Rows of the tables of publication bias: one method after the other, none of which can fail the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.errors import ToolkitError
from analysis.models.bias_effects import BiasEffects
from analysis.models.fitted import Record, finite

# Between sentences of a cell.
SEPARATOR = " | "


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An adjusted estimate; `cautions` say why it should not be trusted, `rules` by which rule it came about."""

    estimate: Any = None
    se: Any = None
    ci_lb: Any = None
    ci_ub: Any = None
    pval: Any = None
    tau2: Any = None
    k_used: int | None = None
    k_added: int | None = None
    rules: Sequence[str] = ()
    cautions: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test; `direction` says in words what it found, `detail` what it rests on."""

    stat: Any = None
    dist: str | None = None
    df: Any = None
    pval: Any = None
    direction: str | None = None
    detail: str | None = None
    cautions: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What one run of a kernel gives: names and labels of its rows in both tables, and the run.

    `run` gives an `Estimate` or a `Test` for every name; a name may be both.
    """

    family: str
    run: Callable[[BiasEffects], "Answers"]
    estimates: Mapping[str, str] = field(default_factory=dict)
    tests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Estimates and tests by name."""

    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    tests: Mapping[str, Test] = field(default_factory=dict)


def lay_out(methods: Sequence[Method], effects: BiasEffects) -> tuple[list[Record], list[Record]]:
    """Run every method; one that refuses keeps its rows, with its sentence for a reason."""
    estimates, tests = [], []
    for method in methods:
        answers = _attempt(method, effects)
        estimates += [
            estimate_row(name, label, method.family, answers.estimates[name])
            for name, label in method.estimates.items()
        ]
        tests += [test_row(name, label, answers.tests[name]) for name, label in method.tests.items()]
    return estimates, tests


def _attempt(method: Method, effects: BiasEffects) -> Answers:
    try:
        # What is not a number ends as an empty cell and a sentence of the kernel; numpy's own warning adds nothing.
        with np.errstate(all="ignore"):
            return method.run(effects)
    except ToolkitError as error:
        said = (" ".join(str(error).split()),)
        return Answers(
            estimates={name: Estimate(cautions=said) for name in method.estimates},
            tests={name: Test(cautions=said) for name in method.tests},
        )


def estimate_row(name: str, label: str, family: str, found: Estimate) -> Record:
    """One row of the table of estimates."""
    numbers = ("estimate", "se", "ci_lb", "ci_ub", "pval", "tau2")
    return {
        "method": name,
        "label": label,
        **{key: finite(getattr(found, key)) for key in numbers},
        "k_used": found.k_used,
        "k_added": found.k_added,
        "caution": bool(found.cautions),
        "reasons": _joined((*found.rules, *found.cautions)),
        "family": family,
    }


def test_row(name: str, label: str, found: Test) -> Record:
    """One row of the table of tests."""
    return {
        "test": name,
        "label": label,
        "stat": finite(found.stat),
        "dist": found.dist,
        "df": finite(found.df),
        "pval": finite(found.pval),
        "direction": found.direction,
        "caution": bool(found.cautions),
        "reasons": _joined(found.cautions),
        "detail": found.detail,
    }


def _joined(sentences: Sequence[str]) -> str | None:
    return SEPARATOR.join(dict.fromkeys(sentences)) or None
