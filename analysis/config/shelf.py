"""What a configuration may know of a dataset before it is checked: its kind and the columns it declares."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

from analysis.config.explained import did_you_mean
from analysis.config.source import read_choices
from analysis.errors import ConfigError, Problem
from analysis.files import read_text

type Columns = dict[str, Any]

_USES = {"effects": "only effects can be pooled", "claims": "published results are read from claims"}


def read_columns(
    where: str, dataset: str, data_dir: Path, *, kind: str = "effects"
) -> Generator[Problem, None, Columns | None]:
    """Yield what is wrong with the dataset and return its columns with what is declared of each; None without one."""
    path = data_dir / dataset / "dataset.yaml"
    if not path.is_file():
        known = sorted(found.parent.name for found in data_dir.glob("*/dataset.yaml"))
        what = f'there is no dataset "{dataset}" in {data_dir.as_posix()}/.'
        yield Problem(where, what, did_you_mean(dataset, known))
        return None
    try:
        described = read_choices(path)[1]
    except ConfigError as error:
        yield Problem(where, f"its description cannot be read: {error}", "")
        return None
    described = described if isinstance(described, dict) else {}
    if described.get("kind") != kind:
        what = f'"{dataset}" is of kind {described.get("kind")}; {_USES[kind]}.'
        yield Problem(where, what, "Choose another dataset.")
        return None
    declared = described.get("columns")
    table = path.with_name("effects.csv")
    # Columns the toolkit knows need not be declared, so the table itself is asked too.
    header = read_text(table).partition("\n")[0].strip().split(",") if table.is_file() else []
    return {**dict.fromkeys(header), **(declared if isinstance(declared, dict) else {})}
