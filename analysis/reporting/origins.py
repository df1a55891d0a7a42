"""Where the numbers of a page come from: for each line of a table its files, its model and its rows of data."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from analysis.reporting.display import Value

type Records = Sequence[Mapping[str, Value]]


def origins(
    analysis: Mapping[str, Any], tables: Mapping[str, Records], lines: Sequence[int], models: Sequence[str]
) -> dict[str, Any]:
    """Return what the page tells of its numbers, ready for JSON.

    Parameters
    ----------
    analysis : its row.
    tables : its tables by their names, as numbers name them (`models`, `../ledger`).
    lines : lines of the dataset's effects.csv that entered the analysis.
    models : names of its models.

    Returns
    -------
    dict
        `results`, folder of its results; `tables`, that of its tables; `files`, none here; `data`, the file of its
        effects; `lines` that entered, in words; `models`, the same for each, less what it left out; `rows` of each
        table in their order: files, model and line of the data, None where there is none.
    """
    left_out: dict[str, set[int]] = {name: set() for name in models}
    for row in tables.get("excluded", ()):
        if row["model"] in left_out and row["row"] is not None:
            left_out[str(row["model"])].add(int(row["row"]))
    composites = "" if analysis.get("aggregate_rho") is None else " (the first of each composite)"
    return {
        "results": f"results/{analysis['name']}",
        "tables": f"results/{analysis['name']}/tables",
        "files": [],
        "data": f"data/{analysis['dataset']}/effects.csv",
        "lines": worded_lines(lines) + composites,
        "models": {
            name: worded_lines(line for line in lines if line not in left_out[name]) + composites for name in models
        },
        "rows": {f"{name}.csv": [_origin(record) for record in records] for name, records in tables.items() if records},
    }


def folder_origins(folder: str, files: Sequence[str], tables: Mapping[str, Records]) -> dict[str, Any]:
    """Return the same for a page whose tables stand in one folder and rest on whole files of data."""
    rows = {f"{name}.csv": [[record["source"]] for record in records] for name, records in tables.items() if records}
    return {"results": folder, "tables": folder, "files": [*files], "data": "", "lines": "", "models": {}, "rows": rows}


def worded_lines(lines: Iterable[int]) -> str:
    """Word numbers of lines, with what follows each other as a range: `lines 2-4, 6`; nothing for none."""
    ordered = sorted(set(lines))
    if not ordered:
        return ""
    starts = [ordered[0], *(after for before, after in pairwise(ordered) if after > before + 1)]
    ends = [*(before for before, after in pairwise(ordered) if after > before + 1), ordered[-1]]
    ranges = [f"{start}" if start == end else f"{start}\u2013{end}" for start, end in zip(starts, ends, strict=True)]
    return f"{'line' if len(ordered) == 1 else 'lines'} {', '.join(ranges)}"


def _origin(record: Mapping[str, Value]) -> list[Value]:
    return [record.get(name) for name in ("source", "model", "row")]
