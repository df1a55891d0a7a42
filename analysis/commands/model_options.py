"""Options that name a table and a frequentist model of it, and the model fitted, for every command that asks of one."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from analysis.commands.bayesian_options import OPTIONS as BAYESIAN_OPTIONS
from analysis.commands.dependence_options import dependence_options
from analysis.commands.table_options import column_options, reading_options
from analysis.vocabulary import HUNTER_SCHMIDT, MEASURE_INPUTS, METHODS, TESTS

if TYPE_CHECKING:
    from analysis.models.estimated import EstimatedModel

type Choices = dict[str, Any]
type Document = dict[str, Any]

MAX_SEED: Final = 2**32 - 1
# Choices of `fit` that commands which ask other questions of a model leave alone.
UNASKED: Final[Choices] = {
    "engine": "frequentist", "tau2_interval": "QP", "prediction": None, "permutations": 0, "bootstrap": 0, "rope": None,
}  # fmt: skip
_MEASURE: Final = click.option(
    "--measure", type=click.Choice(sorted(MEASURE_INPUTS)), default="GEN", help="effect-size measure"
)
_MODS: Final = click.option("--mods", metavar="FORMULA", help='moderators, such as "alliance * C(dimension)"')
_ESTIMATE: Final = (
    click.option("--method", type=click.Choice((*METHODS, HUNTER_SCHMIDT)), default="REML", help="estimator of tau2"),
    click.option("--test", type=click.Choice(TESTS), default="z", help="test of coefficients"),
    click.option("--weights", metavar="COLUMN", help="column of weights"),
    click.option("--level", type=click.FloatRange(0, 100, min_open=True, max_open=True), default=95.0, help="per cent"),
    click.option("--ratio", is_flag=True, help="yi and its limits are ratios; their logarithms are analysed"),
)
_RHO: Final = click.option("--rho", **dict(BAYESIAN_OPTIONS)["--rho"])
seed_option: Final = click.option(
    "--seed", type=click.IntRange(0, MAX_SEED), default=1, help="of random arrangements and draws"
)


def effect_options(command: Any) -> Any:
    """Give a command the options that say what the effects and moderators of a table are."""
    return _MEASURE(column_options(reading_options(_MODS(command))))


def estimate_options(command: Any) -> Any:
    """Give a command the options of an estimator and its tests."""
    for option in reversed(_ESTIMATE):
        command = option(command)
    return command


def model_options(command: Any) -> Any:
    """Give a command FILE and every option that `fit_from` makes a frequentist model of."""
    command = dependence_options(_RHO(seed_option(command)), leave_out=("bootstrap",))
    command = effect_options(estimate_options(command))
    return click.argument("file", type=click.Path(path_type=Path))(command)


def typed(context: click.Context, choices: Choices) -> set[str]:
    """Names of the options that were typed, or set by the environment, rather than left at their default."""
    default = click.core.ParameterSource.DEFAULT
    return {name for name in choices if context.get_parameter_source(name) is not default}


def complain(message: str, file: Path) -> int:
    """Print what is wrong, each line with the file, and return the exit code."""
    where = file.as_posix()
    for line in message.splitlines():
        click.echo(line if line.startswith(where) else f"{where}: {line}", err=True)
    return 1


def answer(
    context: click.Context,
    choices: Choices,
    build: Callable[[Choices, set[str]], Document],
    summarise: Callable[[Document], str],
    *,
    as_json: bool,
) -> None:
    """Print what `build` makes of the choices and the names of those typed, as JSON or as `summarise` words it.

    Raises
    ------
    SystemExit
        With exit code 1, after the sentences of a ToolkitError.
    """
    from analysis.errors import ToolkitError

    try:
        document = build(choices, typed(context, choices))
    except ToolkitError as error:
        raise SystemExit(complain(str(error), choices["file"])) from None
    # A number that is not finite must be None by now: JSON has no word for it.
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) if as_json else summarise(document)
    click.echo(text)


def fit_from(choices: Choices, explicit: set[str]) -> "tuple[EstimatedModel, list[str]]":
    """Read the table and fit the frequentist model that the options of `model_options` name.

    Parameters
    ----------
    choices : every option by name, and `file`.
    explicit : names of those that were typed.

    Returns
    -------
    The model, and sentences: rows left out, options that change nothing, what a reader of the model must see.

    Raises
    ------
    DataError, ConfigError, ModelError
    """
    from analysis.commands.table_effects import choose_measure, read_effects
    from analysis.models.fitting import caveats
    from analysis.models.groups import build_cells

    choices = {**UNASKED, **choices, "measure": choose_measure(choices, given="measure" in explicit)}
    effects, left_out = read_effects(choices["file"], choices)
    model, notes = fit_effects(choices["file"].stem, effects, choices, explicit)
    sparse = sum(bool(cell["sparse"]) for cell in build_cells(model))
    return model, [*left_out, *notes, *caveats(model, sparse)]


def fit_effects(
    name: str, effects: list[dict[str, Any]], choices: Choices, explicit: set[str]
) -> "tuple[EstimatedModel, list[str]]":
    """Fit effects that were read; the model, and sentences about options that change nothing.

    Raises
    ------
    ConfigError
        Choices that exclude each other, one line each.
    ModelError
    """
    from analysis.commands.dependence_options import problems, row_choices, unused
    from analysis.errors import ConfigError
    from analysis.frequentist.prediction import default_prediction
    from analysis.models import fit_model
    from analysis.rows import ModelRow

    own = {
        **{key: choices[key] for key in ("method", "test", "mods", "weights", "permutations")},
        **row_choices(choices),
    }
    found = list(problems(own, explicit))
    if found:
        raise ConfigError("\n".join(map(str, found)))
    row = ModelRow(
        name=name,
        engine="frequentist",
        **own,
        tau2_interval=choices["tau2_interval"],
        prediction=choices["prediction"] or default_prediction(choices["test"]),
        level=choices["level"],
        seed=choices["seed"],
    )
    return fit_model(effects, row, measure=choices["measure"]), unused(own, explicit)


def describe_model(model: "EstimatedModel") -> Mapping[str, Any]:
    """The model in short, for the head of a document: what it is, its coefficients and its heterogeneity."""
    from analysis.models.results import build_coefficients

    row = model.row
    return {
        "name": row.name,
        "measure": model.measure,
        "structure": row.structure,
        "mods": row.mods,
        "method": row.method,
        "test": row.test,
        "robust": row.robust,
        "level": row.level,
        "k": len(model.effects),
        "n_studies": model.n_studies,
        "coefficients": build_coefficients(model),
        "heterogeneity": model.heterogeneity(),
    }
