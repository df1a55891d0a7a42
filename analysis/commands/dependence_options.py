"""Options of `fit` that say what a frequentist model makes of several effects of one study."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from analysis.vocabulary import COVARIANCES, DEPENDENCE, DFS, MIXED_STRUCTURES, ROBUST_KINDS, WITH_RHO

if TYPE_CHECKING:
    from analysis.errors import Problem

type Choices = dict[str, Any]

MODEL_HELP: Final = (
    "several effects of one study: multilevel (effects within studies), che (that, and sampling errors correlated by "
    "--rho), aggregated (one composite per study), multivariate (by dimension, --inner)"
)
OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (("--model", "structure_word"), {"type": click.Choice(tuple(DEPENDENCE)), "default": "independent",
                                     "help": MODEL_HELP}),
    (("--robust",), {"type": click.Choice(ROBUST_KINDS), "help": "cluster-robust variance with Satterthwaite df"}),
    (("--cluster",), {"metavar": "COLUMN", "help": "what it takes as independent; left out, studies"}),
    (("--bootstrap",), {"type": click.IntRange(0), "default": 0, "help": "draws of a cluster wild bootstrap"}),
    (("--outer",), {"metavar": "COLUMN", "help": "groups of studies, a level above them"}),
    (("--inner",), {"metavar": "COLUMN", "help": "dimension of every effect, for multivariate"}),
    (("--covariance",), {"type": click.Choice(COVARIANCES), "default": "UN", "help": "of dimensions between studies"}),
    (("--dfs",), {"type": click.Choice(DFS), "default": "residual", "help": "df of --test t with several levels"}),
)  # fmt: skip
NAMES: Final = ("structure_word", "robust", "cluster", "bootstrap", "outer", "inner", "covariance", "dfs")
# Options that mean something in some models only: when, and what to do.
CONDITIONS: Final[dict[str, tuple[Callable[[Choices], Any], str]]] = {
    "cluster": (lambda c: c["robust"], "nothing is clustered without a robust variance. Give --robust CR2"),
    "covariance": (lambda c: c["structure"] == "multivariate", "there are no dimensions. Give --model multivariate"),
    "dfs": (lambda c: c["structure"] in MIXED_STRUCTURES and c["test"] == "t",
            "it is about t tests of models with several levels. Give --model multilevel --test t"),
}  # fmt: skip


def dependence_options(command: Any, *, leave_out: tuple[str, ...] = ()) -> Any:
    """Give a command the options of dependent effects, but those of these names."""
    for flags, settings in reversed(OPTIONS):
        if flags[-1].lstrip("-") not in leave_out:
            command = click.option(*flags, **settings)(command)
    return command


def row_choices(choices: Choices) -> Choices:
    """Return what the options say in the words of a model row."""
    own = {name: choices[name] for name in NAMES if name != "structure_word"}
    own |= {"structure": DEPENDENCE[choices["structure_word"]], "cluster": choices["cluster"] or "study_id"}
    return {**own, "rho": choices["rho"], "rope": choices["rope"]}


def unused(row: Choices, explicit: set[str]) -> list[str]:
    """Return sentences about options that change nothing; a script may give --rho to every model."""
    if "rho" in explicit and row["structure"] not in WITH_RHO:
        return ["--rho changes nothing here: only che, aggregated and multivariate correlate sampling errors."]
    return []


def problems(row: Choices, explicit: set[str]) -> Iterator["Problem"]:
    """Yield options that say nothing here, and choices that exclude each other.

    Parameters
    ----------
    row : choices in the words of a model row.
    explicit : names of the options that were typed.
    """
    from analysis.config.dependence import contradictions
    from analysis.errors import Problem

    for name in (name for name in CONDITIONS if name in explicit):
        holds, sentence = CONDITIONS[name]
        if not holds(row):
            yield Problem(f"--{name}", f"{sentence}, or leave it out.", "")
    for key, what, remedy in contradictions(row):
        yield Problem("--model" if key == "structure" else f"--{key.replace('_', '-')}", what, remedy)
