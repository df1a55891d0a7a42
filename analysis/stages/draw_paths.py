"""Draw the path diagrams of one path model: `results/paths/{path}/figures/*.{svg,png}`, and `figures.json`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.files import read_records, write_bytes, write_json
from analysis.reporting.path_words import group_words, sentence_case, variable_words
from analysis.rows import path_row_from_json
from analysis.stages.running import run_stage

KINDS = ("svg", "png")


def run(arguments: argparse.Namespace) -> None:
    """Read, draw, write."""
    from analysis.figures.path_descriptions import describe_path_diagram
    from analysis.figures.path_diagram import draw_path_diagram
    from analysis.figures.style import render

    row = path_row_from_json(arguments.path)
    words = variable_words(row)
    paths = read_records(arguments.results / "paths.csv", "path_paths")
    entries = []
    for group in dict.fromkeys(path["group"] for path in paths):
        own = [path for path in paths if path["group"] == group]
        title = row.title if group is None else sentence_case(group_words(str(group)))
        worded = [{**path, **{key: words[str(path[key])] for key in ("source", "outcome")}} for path in own]
        figure = draw_path_diagram(worded, title=title)
        name = "diagram" if group is None else f"diagram_{group}"
        for kind in KINDS:
            write_bytes(arguments.out / f"{name}.{kind}", render(figure, kind))
        about = describe_path_diagram(own, words=words, title=title)
        entries.append({"file": f"{name}.svg", "kind": "path", "group": group, **about})
    write_json(arguments.out / "figures.json", entries)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.draw_paths", description=__doc__)
    parser.add_argument("--path", required=True, help="row of the path model, JSON")
    parser.add_argument("--results", required=True, type=Path, help="its results, results/paths/{path}")
    parser.add_argument("--out", required=True, type=Path, help="folder of the figures")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
