"""Every notebook as a page, made once, two at a time."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Page(NamedTuple):
    """How a run of the stage ended: where the page is, what was said, how many seconds it took."""

    path: Path
    status: int
    said: str
    seconds: float


def render(notebook: Path, out: Path) -> Page:
    """Run one notebook as the workflow does."""
    command = [sys.executable, "-m", "analysis.stages.render_notebook"]
    command += ["--notebook", str(notebook.relative_to(ROOT)), "--out", str(out)]
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=os.environ, text=True, capture_output=True, check=False, timeout=180)
    return Page(out, done.returncode, done.stderr, time.monotonic() - start)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """Pages by name of the notebook; a second one of the first, as `again`."""
    folder = tmp_path_factory.mktemp("pages")
    notebooks = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    wanted = {**notebooks, "again": next(iter(notebooks.values()))}
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda name: render(wanted[name], folder / f"{name}.html"), wanted)
        return dict(zip(wanted, made, strict=True))
