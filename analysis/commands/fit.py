"""`python -m analysis fit TABLE`: one model of one table, without a workflow."""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from analysis.commands.bayesian_options import bayesian_options
from analysis.commands.dependence_options import dependence_options
from analysis.commands.model_options import complain, effect_options, estimate_options, fit_effects, seed_option, typed
from analysis.vocabulary import ENGINES, PREDICTION_INTERVALS, TAU2_INTERVALS


@click.command(context_settings={"show_default": True})
@click.argument("file", type=click.Path(path_type=Path))
@effect_options
@click.option("--engine", type=click.Choice(ENGINES), default="frequentist", help="exact and pymc are Bayesian")
@estimate_options
@click.option("--tau2-interval", type=click.Choice(TAU2_INTERVALS), default="QP", help="interval of tau2")
@click.option("--prediction", type=click.Choice(tuple(PREDICTION_INTERVALS)), help="kind of prediction interval")
@click.option("--permutations", type=click.IntRange(0), default=0, help="arrangements of a permutation test")
@seed_option
@dependence_options
@bayesian_options
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON")
@click.pass_context
def fit(context: click.Context, /, file: Path, as_json: bool, **choices: Any) -> None:
    """Fit one model to the effects of FILE, an .xlsx or CSV table, and print a summary.

    Columns named as in metafor need no option; without --measure, the columns named by options decide it.

    \b
    Bayesian engines: exact integrates, pymc samples. Their JSON holds, beside the tables of the workflow,
      mu            mean sd median ci_lb ci_ub quantiles p_positive (p_rope); null with moderators
      coefficients  the same of every coefficient, by term
      tau           the same without probabilities; with pymc also omega, slope_sd, nu where the model has them
      predictive    the same of the true effect of a new study; null with moderators
      log_ml, log_bf10, tested    exact: log marginal likelihood, log Bayes factor for the coefficients tested
      studies       slab study_id effect_id yi vi, and mean sd median ci_lb ci_ub of each true effect
      expectations  by study: elpd, pareto_k (pymc), p_tail, expected
      priors, averaging, sensitivity, diagnostics (pymc), notes
    quantiles has the keys 2.5 5 25 50 75 95 97.5 (per cent). null: not finite, or not applicable.
    """  # noqa: D301
    from analysis.errors import ToolkitError

    explicit = typed(context, choices)
    try:
        # Progress of a sampler belongs on the screen, not into the JSON.
        with redirect_stdout(sys.stderr):
            document = _document(file, choices, explicit)
    except ToolkitError as error:
        raise SystemExit(complain(str(error), file)) from None
    if as_json:
        click.echo(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        click.echo(_summary(document, choices["engine"]))


def _document(file: Path, choices: dict[str, Any], explicit: set[str]) -> dict[str, Any]:
    """Everything that is printed as JSON."""
    from analysis.commands.bayesian_options import check_options
    from analysis.commands.table_effects import choose_measure, read_effects

    choices = {**choices, "measure": choose_measure(choices, given="measure" in explicit)}
    check_options(choices, explicit)
    effects, left_out = read_effects(file, choices)
    document = (
        _frequentist(file.stem, effects, choices, explicit)
        if choices["engine"] == "frequentist"
        else _bayesian(file.stem, effects, choices)
    )
    return {**document, "notes": left_out + document["notes"]}


def _frequentist(
    name: str, effects: list[dict[str, Any]], choices: dict[str, Any], explicit: set[str]
) -> dict[str, Any]:
    from analysis.models import build_fit_document, build_model_tables

    model, said = fit_effects(name, effects, choices, explicit)
    tables = build_model_tables(model)
    document = build_fit_document(model, tables)
    return {**document, "notes": said + document["notes"], "tables": tables}


def _bayesian(name: str, effects: list[dict[str, Any]], choices: dict[str, Any]) -> dict[str, Any]:
    from analysis.commands.bayesian_options import build_row
    from analysis.commands.posterior_document import build_posterior_document
    from analysis.models.bayesian import fit_bayesian

    row = build_row(name, choices)
    model = fit_bayesian(effects, row, measure=choices["measure"])
    return build_posterior_document(model, with_rope=choices["rope"] is not None)


def _summary(document: dict[str, Any], engine: str) -> str:
    if engine == "frequentist":
        from analysis.commands.summary import summarise

        return summarise(document)
    from analysis.commands.posterior_summary import summarise_posterior

    return summarise_posterior(document)
