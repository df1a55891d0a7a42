"""metafor's side: one run of Rscript over the same tables."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.data import bcg_trials, drawn, write

SCRIPT = Path(__file__).with_name("metafor.R")


class Timing(NamedTuple):
    """Seconds for a whole task, and how much of it was run to know."""

    seconds: float
    run: int
    size: int


def measure(repeats: int) -> dict[str, Timing]:
    """Timings per task; none where R or metafor is absent."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    counts = [20 * repeats, 1, min(8191, 100 * repeats), 20 * repeats]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "bcg.csv", *bcg_trials())
        write(Path(folder) / "large.csv", *drawn(1000))
        write(Path(folder) / "fifty.csv", *drawn(50))
        command = [rscript, str(SCRIPT), folder, *map(str, counts)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {}
    rows = [line.split() for line in done.stdout.splitlines()]
    return {name: Timing(float(taken), int(run), int(size)) for name, taken, run, size in rows}
