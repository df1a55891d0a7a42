"""`python -m analysis influence TABLE`: which study the result of a table hangs on."""

from typing import Any

import click

from analysis.commands.model_options import answer, describe_model, fit_from, model_options

# As `models.influence_tables.SUBSETS`, which only a run may import.
SUBSETS = 20_000


@click.command(context_settings={"show_default": True})
@model_options
@click.option("--cumulative-by", metavar="COLUMN", help="order of accumulation; left out, the year, else precision")
@click.option("--subsets", type=click.IntRange(1, 5_000_000), default=SUBSETS, help="of GOSH at most: all, or random")
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON")
@click.pass_context
def influence(context: click.Context, /, as_json: bool, **choices: Any) -> None:
    """Say which study the result of FILE, an .xlsx or CSV table of effects, hangs on.

    The columns and the model are named as for fit. Each effect, and each study that has several, is left out in turn;
    effects are added one by one; the mean is fitted to subsets of the studies (GOSH).

    \b
    JSON: model  what was fitted
      tables     influence, influence_clusters, cumulative, gosh, gosh_clusters, as analysis/schemas/results has them
      notes      sentences that a reader must see
    null: not defined, or not applicable.
    """  # noqa: D301
    from analysis.commands.influence_summary import summarise

    answer(context, choices, _document, summarise, as_json=as_json)


def _document(choices: dict[str, Any], explicit: set[str]) -> dict[str, Any]:
    from analysis.models.influence_tables import build_influence_tables

    model, notes = fit_from(choices, explicit)
    found = build_influence_tables(
        model, seed=choices["seed"], subsets=choices["subsets"], cumulative_by=choices["cumulative_by"]
    )
    return {
        "model": describe_model(model),
        "tables": found.tables,
        "notes": list(dict.fromkeys((*notes, *found.notes))),
    }
