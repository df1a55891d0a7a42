"""Write the page of the package: `reports/rendered/api/index.html`, and one page for each of its rooms."""

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from analysis.errors import DataError
from analysis.files import read_text, write_text
from analysis.reporting.api import describe_rooms, render_api, rooms_of
from analysis.reporting.page import build_environment
from analysis.stages.render_report import read_templates
from analysis.stages.running import run_stage


def read_layers(project: Path) -> list[str]:
    """Return the floors of the package, the highest first, as the project file holds imports to them."""
    document = tomllib.loads(read_text(project))
    contracts = document.get("tool", {}).get("importlinter", {}).get("contracts", [])
    for contract in contracts:
        if contract.get("type") == "layers":
            return [str(layer) for layer in contract["layers"]]
    message = "[tool.importlinter] has no contract of type layers. The rooms are listed in its order: put it back."
    raise DataError(f"{project.as_posix()}: {message}")


def run(arguments: argparse.Namespace) -> None:
    """Import the rooms, read their docstrings, write the pages."""
    templates = {**read_templates(arguments.templates), **read_templates(arguments.templates / "api")}
    rooms = describe_rooms(rooms_of(read_layers(arguments.project)))
    for name, page in render_api(rooms, build_environment(templates)).items():
        write_text(arguments.out / name, page)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=Path("pyproject.toml"), help="file that names the floors")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--out", required=True, type=Path, help="folder of the pages")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
