"""Draw the effects.csv of a simulated dataset from its truth.yaml, byte for byte the same each time."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.errors import ToolkitError
from analysis.files import read_truth, write_table
from analysis.simulation import simulate_attachment_alliance


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; a problem goes to stderr, and then nothing is written."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.simulate_data", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with a truth.yaml")
    parser.add_argument("--out", type=Path, help="table to write; effects.csv of the folder when left out")
    options = parser.parse_args(argv)
    try:
        records = simulate_attachment_alliance(read_truth(options.dataset))
        write_table(options.out or options.dataset / "effects.csv", records)
    except ToolkitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
