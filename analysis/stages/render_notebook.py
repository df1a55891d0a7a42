"""Run a notebook from top to bottom and write its page: `reports/rendered/notebooks/{notebook}.html`."""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.errors import DataError
from analysis.files import read_text, write_text
from analysis.reporting.notebooks import read_lesson, render_lesson
from analysis.reporting.page import build_environment
from analysis.stages.render_report import read_templates
from analysis.stages.running import run_stage

# Seconds for one cell; a whole notebook takes less than a minute.
PATIENCE = 60
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def execute(path: Path) -> Any:
    """Return the notebook with its outputs, run in its own folder; DataError names the cell that failed."""
    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.reads(read_text(path), as_version=4)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory(prefix="nb-") as folder:
        # Sockets in a folder of its own: two kernels at once need no free port.
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", connection_file=f"{folder}/kernel.json")
        client = NotebookClient(
            notebook, km=manager, timeout=PATIENCE, resources={"metadata": {"path": str(path.parent.resolve())}}
        )
        try:
            client.execute(env=_environment(folder), cleanup_kc=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            said = COLOURS.sub("", str(error)).strip()
            raise DataError(f"{path.as_posix()}: {said}") from None
    return notebook


def _environment(folder: str) -> dict[str, str]:
    """Return the environment of the kernel: the package of this folder, no settings of the user."""
    above = [str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(above), "IPYTHONDIR": folder, "PYTHONHASHSEED": "0"}
    return {**os.environ, **own, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def run(arguments: argparse.Namespace) -> None:
    """Run, render, write."""
    notebook = execute(arguments.notebook)
    lesson = read_lesson(arguments.notebook.stem, notebook)
    write_text(arguments.out, render_lesson(lesson, build_environment(read_templates(arguments.templates))))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebook", required=True, type=Path, help="the notebook to run")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--out", required=True, type=Path, help="the page")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
