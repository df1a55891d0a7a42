"""Options of `fit` that belong to the Bayesian engines, and the model row they make."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from analysis.commands.dependence_options import NAMES as DEPENDENCE_NAMES
from analysis.vocabulary import MISSING_MODERATORS, SAMPLERS, STRUCTURES, TAILS

if TYPE_CHECKING:
    from analysis.bayesian.families import Role
    from analysis.errors import Problem
    from analysis.rows import BayesianRow

type Choices = dict[str, Any]

PRIOR: Final = {"metavar": "PRIOR"}
OPTIONS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("--prior-mu", PRIOR | {"help": 'of the mean effect, "normal(0, 1)" or a name; measures that have a name use it'}),
    ("--prior-tau", PRIOR | {"help": "of the standard deviation between studies; likewise"}),
    ("--prior-beta", PRIOR | {"help": "of other coefficients and of the mean of slopes; as --prior-mu if left out"}),
    ("--rope", {"nargs": 2, "type": float, "metavar": "LOW HIGH", "help": "region of practical equivalence"}),
    ("--structure", {"type": click.Choice(STRUCTURES), "default": "independent", "help": "pymc: effects of a study"}),
    ("--rho", {"type": click.FloatRange(0, 1, max_open=True), "default": 0.6,
               "help": "correlation of the sampling errors of one study's effects, in models that have one"}),
    ("--prior-omega", PRIOR | {"help": "pymc: of the sd within studies; as --prior-tau if left out"}),
    ("--tails", {"type": click.Choice(TAILS), "default": "normal", "help": "pymc: of study effects"}),
    ("--prior-nu", PRIOR | {"default": "gamma(2, 0.1)", "help": "pymc: of the df of student_t tails, less 2"}),
    ("--slope", {"metavar": "COLUMN", "help": "pymc: moderator whose slope is pooled over the levels of --by"}),
    ("--by", {"metavar": "COLUMN", "help": "pymc: factor of those levels"}),
    ("--prior-slope-sd", PRIOR | {"help": "pymc: of the sd of slopes; measures that have a named slope use its sd"}),
    ("--missing", {"type": click.Choice(MISSING_MODERATORS), "default": "exclude",
                   "help": "pymc: studies without a value of --slope"}),
    ("--sampler", {"type": click.Choice(SAMPLERS), "default": "nutpie", "help": "pymc: what draws"}),
    ("--draws", {"type": click.IntRange(100, 100_000), "default": 1000, "help": "pymc: kept, per chain"}),
    ("--tune", {"type": click.IntRange(100, 100_000), "default": 1000, "help": "pymc: per chain, not kept"}),
    ("--chains", {"type": click.IntRange(2, 16), "default": 4, "help": "pymc: chains"}),
    ("--target-accept", {"type": click.FloatRange(0.5, 1, min_open=True, max_open=True), "default": 0.95,
                         "help": "pymc: acceptance the step size is tuned to"}),
)  # fmt: skip
# Options by the engines they belong to; those in neither list belong to all.
FREQUENTIST: Final = (
    *("method", "test", "weights", "tau2_interval", "prediction", "permutations", "rho", "rope"),
    *DEPENDENCE_NAMES,
)
BAYESIAN: Final = ("prior_mu", "prior_tau", "prior_beta", "rope")
SAMPLED: Final = tuple(
    name for option, _ in OPTIONS if (name := option.removeprefix("--").replace("-", "_")) not in BAYESIAN
)
# Options that mean something in some models only: when, and what to do.
CONDITIONS: Final[dict[str, tuple[Callable[[Choices], Any], str]]] = {
    "prior_beta": (lambda c: c["mods"] or c["slope"], "a lone mean has no other coefficient. Give --mods"),
    "rho": (lambda c: c["structure"] == "correlated_hierarchical",
            "sampling errors are independent here. Give --structure correlated_hierarchical"),
    "prior_omega": (lambda c: c["structure"] != "independent",
                    "effects do not deviate within studies here. Give --structure three_level"),
    "prior_nu": (lambda c: c["tails"] == "student_t", "normal tails have no df. Give --tails student_t"),
    "prior_slope_sd": (lambda c: c["slope"], "there are no pooled slopes. Give --slope and --by"),
    "missing": (lambda c: c["slope"], "it is about the moderator of a pooled slope. Give --slope and --by"),
}  # fmt: skip
PRIORS: Final[dict[str, "Role"]] = {
    "prior_mu": "mu", "prior_beta": "beta", "prior_tau": "tau", "prior_omega": "tau", "prior_slope_sd": "tau",
    "prior_nu": "tau",
}  # fmt: skip
# Factors of the sensitivity grid: the chosen priors, and two steps to either side.
PRIOR_SCALES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
# Nothing lies inside it: the effect of a model without a region of practical equivalence.
NO_REGION: Final = (0.0, 0.0)


def bayesian_options(command: Any) -> Any:
    """Give a command the options of the Bayesian engines."""
    for name, settings in reversed(OPTIONS):
        command = click.option(name, **settings)(command)
    return command


def check_options(choices: Choices, explicit: set[str]) -> None:
    """Refuse options that do not belong to the engine or the model, and choices that exclude each other.

    Parameters
    ----------
    choices : every option by name.
    explicit : names of those that were typed.

    Raises
    ------
    ConfigError
        One sentence per problem.
    """
    from analysis.errors import ConfigError

    engine = choices["engine"]
    problems = list(_foreign(engine, explicit))
    if not problems and engine != "frequentist":
        problems = list(_contradictions(choices, explicit))
    if problems:
        raise ConfigError("\n".join(map(str, problems)))


def _flag(name: str) -> str:
    return "--model" if name == "structure_word" else f"--{name.replace('_', '-')}"


def _foreign(engine: str, explicit: set[str]) -> Iterator["Problem"]:
    from analysis.errors import Problem

    owners = {"frequentist": FREQUENTIST, "exact": BAYESIAN, "pymc": (*BAYESIAN, *SAMPLED)}
    for name in dict.fromkeys((*FREQUENTIST, *BAYESIAN, *SAMPLED)):
        if name in explicit and name not in owners[engine]:
            fitting = " or ".join(f"--engine {other}" for other, own in owners.items() if name in own)
            remedy = "Use --model." if name == "structure" else f"Leave it out, or use {fitting}."
            yield Problem(_flag(name), f"the {engine} engine has no such option.", remedy)


def _contradictions(choices: Choices, explicit: set[str]) -> Iterator["Problem"]:
    from analysis.bayesian import parse_prior
    from analysis.errors import ConfigError, Problem

    for name in (name for name in CONDITIONS if name in explicit):
        holds, sentence = CONDITIONS[name]
        if not holds(choices):
            yield Problem(_flag(name), f"{sentence}, or leave it out.", "")
    if (choices["slope"] is None) != (choices["by"] is None):
        what = "the moderator and the factor over whose levels its slope is pooled belong together."
        yield Problem("--slope, --by", what, "Give both or neither.")
    if choices["slope"] is not None and choices["mods"] is not None:
        yield Problem("--mods", "a model with --slope and --by has its terms from them.", "Leave out one or the other.")
    if choices["rope"] is not None and not choices["rope"][0] < choices["rope"][1]:
        low, high = choices["rope"]
        yield Problem("--rope", f"{low:g} is not below {high:g}.", "Give the lower limit first, such as -0.1 0.1.")
    for name, role in PRIORS.items():
        try:
            parse_prior(choices[name], role) if choices[name] is not None else None
        except ConfigError as error:
            yield Problem(_flag(name), str(error), "")


def build_row(name: str, choices: Choices) -> "BayesianRow":
    """Make the model row; priors that were not given are the named ones of the measure.

    Raises
    ------
    ConfigError
        A prior that was not given, for a measure whose scale no named prior stands on.
    """
    from analysis.rows import BayesianRow

    kept = ("engine", "mods", "level", "seed", *(key for key in SAMPLED if key not in PRIORS))
    own: Choices = {key: choices[key] for key in kept} | _priors(choices)
    return BayesianRow(name=name, **own, prior_scales=PRIOR_SCALES, rope=choices["rope"] or NO_REGION)


def _priors(choices: Choices) -> dict[str, str]:
    from analysis.bayesian import named_priors
    from analysis.errors import ConfigError

    measure: str = choices["measure"]
    given = {key: choices[key] for key in PRIORS}
    problems = []
    for key, example in (("prior_mu", "normal(0, 1)"), ("prior_tau", "half_normal(0.5)")):
        # The first one is weakly informative; the others are for those who want them.
        known = named_priors(measure, PRIORS[key])
        if given[key] is None and known:
            given[key] = known[0].name
        elif given[key] is None:
            problems.append(_no_prior(key, measure, example))
    if choices["slope"] is not None and given["prior_slope_sd"] is None and not named_priors(measure, "beta"):
        problems.append(_no_prior("prior_slope_sd", measure, "half_normal(0.25)"))
    if problems:
        raise ConfigError("\n".join(map(str, problems)))
    given["prior_beta"] = given["prior_beta"] or given["prior_mu"]
    given["prior_omega"] = given["prior_omega"] or given["prior_tau"]
    given["prior_slope_sd"] = given["prior_slope_sd"] or _slope_sd(measure)
    return given


def _no_prior(key: str, measure: str, example: str) -> "Problem":
    from analysis.errors import Problem

    what = f"measure {measure} has no named prior: its scale depends on the data."
    return Problem(_flag(key), what, f'Give one, such as {_flag(key)} "{example}" for effects like standardised ones.')


def _slope_sd(measure: str) -> str:
    """Slopes may differ as much as the named prior lets their mean differ from zero; unused where none is named."""
    from analysis.bayesian import named_priors

    known = named_priors(measure, "beta")
    return f"half_normal({known[0].prior.parameters[1]!r})" if known else "half_normal(1)"
