"""`python -m analysis new DIR`: a dataset folder to fill in."""

import json
import shutil
from pathlib import Path

import click

from analysis.errors import DataError, Problem, ToolkitError
from analysis.vocabulary import IDENTITY_COLUMNS, MEASURE_INPUTS, MEASURE_NAMES

DESCRIPTION = """\
# Every key is explained in data/README.md; `python -m analysis check {folder}` says what is still missing.
name: {name}
# One line for a reader.
title: {title}
# effects: to be pooled. claims: published results only. evidence: a table that is never pooled.
kind: effects
# true only for numbers drawn by a generator; the name then starts with synthetic_.
synthetic: false
# What the source asked.
question: ""
# Authors (year), journal volume(issue), pages.
citation: ""
# Such as 10.1002/jclp.22685; null when there is none.
doi: null
# Terms under which the numbers may be passed on.
licence: ""
# The copy the numbers were taken from: table, page, repository.
source: ""
# What was done between that copy and these files.
provenance: ""
# {meaning}.
measure: {measure}
# What a positive effect means, and whether the column direction (1 or -1) turns any.
direction: ""
# Rows of effects.csv, excluded ones too, and different study_id among them.
k: 1
n_studies: 1
# Columns of effects.csv besides those in its header now. For each: type (string, integer, number, boolean) and
# description; where they apply unit, minimum, maximum, levels, and missing: true when a cell may be empty. For example:
#   age: {{type: number, unit: years, minimum: 0, missing: true, description: mean age at the start of treatment}}
columns: {{}}
# What a reader should know before using the numbers.
notes: []
"""

README = """\
# {title}

1. Type the studies into `effects.csv`, one row per effect. `effect_id` differs in every row; rows of the same people
   share `study_id`; `slab` is the label a reader sees. Leave a cell empty where there is no number. `direction` is -1
   where a positive number means a worse outcome, else 1 or empty. `exclude` stays empty, or says why a row is left out.
2. Add moderators as further columns, and describe each under `columns` in `dataset.yaml`.
3. Type the published results into `claims.csv`, each as printed, with the page or table it stands on.
4. Fill in `dataset.yaml`.
5. `python -m analysis check {folder}` lists every problem at once.
6. Add an analysis to `config/config.yaml` and run `snakemake`.

Only put numbers here that you may pass on.
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--measure",
    type=click.Choice(list(MEASURE_INPUTS), case_sensitive=False),
    default="ZCOR",
    show_default=True,
    help="Effect-size measure; decides the columns of effects.csv.",
)
def new(folder: Path, measure: str) -> None:
    """Start a dataset folder, such as data/levy2018, with files that say how to fill them in."""
    try:
        create_dataset(folder, measure)
    except ToolkitError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    click.echo(f"{folder.as_posix()} is there. Next: {folder.as_posix()}/README.md.")


def create_dataset(folder: Path, measure: str) -> None:
    """Write the files of a new dataset, all or none; DataError when the name or the place cannot be used."""
    from analysis.datasets.declarations import NAME
    from analysis.files import load_schema, write_table, write_text

    name = folder.resolve().name
    where = folder.as_posix()
    if not NAME.fullmatch(name):
        remedy = "Use lower-case letters, digits and underscores, starting with a letter, such as data/levy2018."
        raise DataError(Problem(where, f'"{name}" cannot be the name of a dataset.', remedy))
    existed = folder.exists()
    if existed and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            Problem(where, "it exists already and is not empty.", "Choose another name; nothing was changed.")
        )
    title = name.replace("_", " ")
    described = DESCRIPTION.format(
        folder=where, name=name, title=json.dumps(title), measure=measure, meaning=MEASURE_NAMES[measure]
    )
    try:
        write_text(folder / "dataset.yaml", described)
        write_table(
            folder / "effects.csv", [], [*IDENTITY_COLUMNS, *MEASURE_INPUTS[measure][0], "direction", "exclude"]
        )
        write_table(folder / "claims.csv", [], list(load_schema("claims")["items"]["properties"]))
        write_text(folder / "README.md", README.format(title=title, folder=where))
    except DataError:
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        raise
