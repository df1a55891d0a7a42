"""`python -m analysis check DIR`: every problem of a dataset folder at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
def check(folders: tuple[Path, ...]) -> None:
    """List every problem of dataset folders: file, line, what is wrong, what to do. Exits 1 when there is one."""
    # Imported late: `--help` should not wait for numpy.
    from analysis.files import check_dataset, read_dataset

    found = 0
    for folder in folders:
        problems = check_dataset(folder)
        for problem in problems:
            click.echo(str(problem))
        found += len(problems)
        if not problems:
            dataset = read_dataset(folder)
            counted = _counted(dataset.meta, len(dataset.records), len(dataset.claims))
            click.echo(f"{folder.as_posix()}: no problems. {counted}.")
    if found:
        click.echo(f"{found} problem{'s' if found > 1 else ''}.")
        raise SystemExit(1)


def _counted(meta: Mapping[str, Any], rows: int, claims: int) -> str:
    words = {
        "effects": f"{rows} effects in {meta.get('n_studies')} studies",
        "claims": "No effects",
        "evidence": f"{rows} rows of evidence",
    }
    return f"{words[meta['kind']]}, {claims} published numbers"
