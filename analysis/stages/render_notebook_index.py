"""Write the list of notebooks: `reports/rendered/notebooks/index.html`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.files import read_json, write_text
from analysis.reporting.notebooks import read_opening, render_lessons
from analysis.reporting.page import build_environment
from analysis.stages.render_report import read_templates
from analysis.stages.running import run_stage


def run(arguments: argparse.Namespace) -> None:
    """Read, render, write."""
    lessons = [(path.stem, *read_opening(path.stem, read_json(path))) for path in arguments.notebooks]
    write_text(arguments.out, render_lessons(lessons, build_environment(read_templates(arguments.templates))))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", required=True, nargs="+", type=Path, help="notebooks, in the order of the list")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--out", required=True, type=Path, help="the list")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
