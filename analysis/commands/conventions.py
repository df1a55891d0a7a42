"""`python -m analysis conventions DATA`: one set of effects as five programs would pool it by default."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from analysis.commands.table_options import column_options, reading_options
from analysis.vocabulary import MEASURE_INPUTS

SHOWN = ("program", "method", "test", "estimate", "se", "ci", "p", "tau2", "I2", "H2", "prediction interval")


@click.command(context_settings={"show_default": True})
@click.argument("data", type=click.Path(path_type=Path), metavar="DATA")
@click.option("--measure", type=click.Choice(sorted(MEASURE_INPUTS)), help="effect-size measure")
@column_options
@reading_options
@click.option("--level", type=click.FloatRange(0, 100, min_open=True, max_open=True), default=95.0, help="per cent")
@click.option("--ratio", is_flag=True, help="yi and its limits are ratios; their logarithms are analysed")
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON")
def conventions(data: Path, as_json: bool, **choices: Any) -> None:
    """Pool DATA, a dataset folder or a table, under the defaults of several programs.

    Without --measure it is the one that the columns are enough for. What differs between programs here is a
    definition: the estimator, the test, where I2 comes from, the kind of prediction interval, the variance of g.
    """
    # Imported late: `--help` should not wait for numpy.
    from analysis.errors import ToolkitError
    from analysis.reproduction.conventions import build_conventions

    try:
        effects, variances = _read(data, choices)
        rows = build_conventions([effect["yi"] for effect in effects], variances, level=choices["level"])
    except ToolkitError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    click.echo(json.dumps(rows, indent=1, allow_nan=False) if as_json else _summary(rows))


type Effects = Sequence[Mapping[str, Any]]


def _read(data: Path, choices: dict[str, Any]) -> tuple[Effects, dict[str, list[float]]]:
    """Return effects, and their variances by how they were estimated."""
    from analysis.reproduction.conventions import smd_variances

    effects, measure, columns = _read_dataset(data, choices) if data.is_dir() else _read_file(data, choices)
    variances = {"LS": [float(effect["vi"]) for effect in effects]}
    if measure == "SMD":
        variances["LS2"] = smd_variances(columns)
    return effects, variances


def _read_dataset(folder: Path, choices: dict[str, Any]) -> tuple[Effects, str, Mapping[str, Any]]:
    from analysis.datasets.effects import compute_effects
    from analysis.datasets.foreign import infer_measure
    from analysis.datasets.inputs import take_inputs
    from analysis.errors import ConfigError
    from analysis.files import read_dataset

    dataset = read_dataset(folder)
    measure = choices["measure"] or infer_measure(tuple(dataset.columns))
    if measure is None:
        raise ConfigError(f"{folder.as_posix()}: its columns are enough for no measure. Name one with --measure.")
    computed = compute_effects(
        dataset.records,
        dataset.columns,
        where=f"{folder.as_posix()}/effects.csv",
        measure=measure,
        chosen={},
        aggregate_rho=None,
    )
    by_line = {record["row"]: record for record in dataset.records}
    used = [by_line[effect["row"]] for effect in computed.effects]
    return computed.effects, measure, take_inputs(used, measure)


def _read_file(file: Path, choices: dict[str, Any]) -> tuple[Effects, str, Mapping[str, Any]]:
    from analysis.commands.table_effects import choose_measure, read_effects, read_table
    from analysis.datasets.inputs import input_columns

    given = choices["measure"] is not None
    whole = {**choices, "weights": None, "mods": None, "measure": choices["measure"] or "GEN"}
    whole["measure"] = choose_measure(whole, given=given)
    effects, left_out = read_effects(file, whole)
    for sentence in left_out:
        click.echo(sentence, err=True)
    table = read_table(file, whole)
    places = {row.number: index for index, row in enumerate(table.rows)}
    used = [places[effect["row"]] for effect in effects]
    names = [name for name in input_columns(whole["measure"]) if name in table.inputs]
    columns = {name: [table.inputs[name][index] for index in used] for name in names}
    return effects, whole["measure"], columns


def _summary(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [SHOWN, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(SHOWN))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines += ["", *(_words(row) for row in rows)]
    return "\n".join(lines)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    interval = f"[{row['ci_lb']:.4f}, {row['ci_ub']:.4f}]"
    new = "none" if row["pi_lb"] is None else f"[{row['pi_lb']:.4f}, {row['pi_ub']:.4f}]"
    p = f"{row['pval']:.4f}" if row["pval"] >= 0.0001 else "<.0001"
    i2, h2 = ("" if row[name] is None else f"{row[name]:.2f}" for name in ("i2", "h2"))
    numbers = (f"{row['estimate']:.4f}", f"{row['se']:.4f}", interval, p, f"{row['tau2']:.5f}", i2, h2, new)
    return (row["program"], row["method"], row["test"], *numbers)


def _words(row: Mapping[str, Any]) -> str:
    said = "" if row["verified"] else " Not verified in the program itself."
    return (
        f"{row['program']}: I2 from {row['heterogeneity']}. Prediction interval: {row['prediction']}. "
        f"Effects: {row['effects']}; variances used here: {row['vtype']}.{said} Source: {row['source']}."
    )
