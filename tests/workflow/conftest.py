"""A copy of the project in which every stage is a stand-in: the wiring is tested here, not the numbers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# The commands of the rules say `python`: it must be the one that runs the tests.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
PARTS = ("Snakefile", "pyproject.toml", "analysis", "data", "profiles", "reports")
# Writes the file names a rule expects, each holding the command line; waits where a file `slow` says so.
STAND_IN = """
import sys, time
from pathlib import Path
FILES, FOLDERS = {files!r}, {folders!r}
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if Path("slow").exists():
    time.sleep(0.5)
for option in {direct!r}:
    Path(options[option]).write_text(repr(sys.argv[1:]))
for option in FOLDERS:
    folder = Path(options[option])
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(repr(sys.argv[1:]))
"""
FIT = ("fit.json", "coefficients.csv", "heterogeneity.csv", "studies.csv", "predictions.csv", "tests.csv", "cells.csv")
FIT_MORE = (
    *("slopes.csv", "collinearity.csv", "subgroups.csv", "excluded.csv"),
    *("components.csv", "blups.csv", "sweep.csv", "support.csv", "power.csv"),
)
STAGES = {
    "validate_data": (("dataset.json", "effects.csv", "claims.csv", "review.json"), ("--out-dir",), ()),
    "compute_effects": ((), (), ("--effects", "--excluded")),
    "fit_frequentist": ((*FIT, *FIT_MORE), ("--out-dir",), ()),
    "assess_fragility": (
        (
            *("influence.csv", "influence_clusters.csv", "cumulative.csv", "gosh.csv", "gosh_clusters.csv"),
            *("bias_tests.csv", "bias_estimates.csv", "fragility.json"),
        ),
        ("--out-dir",),
        (),
    ),
    "run_multiverse": (
        (
            *("multiverse.csv", "multiverse_summary.csv", "multiverse_shares.csv", "multiverse_flips.csv"),
            "multiverse_test.csv",
        ),
        ("--out-dir",),
        (),
    ),
    "make_tables": (("models.csv",), ("--out",), ()),
    "make_ledger": (
        ("ledger.csv", "verdicts.csv", "consistency.csv", "explanations.csv", "conventions.csv"),
        ("--out-dir",),
        (),
    ),
    "make_figures": (("figures.json", "forest.svg"), ("--out",), ()),
    "render_report": (("index.html", "provenance.json"), ("--out",), ("--paper",)),
    "render_document": (
        ("report.pdf", "report.docx", "tables.docx", "tables.xlsx", "tables/models.csv", "figures/forest.svg"),
        ("--out",),
        (),
    ),
    "render_index": ((), (), ("--out",)),
    "draw_found": ((), (), ("--table", "--figure", "--words")),
    "render_api": (("index.html",), ("--out",), ()),
}

type Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake as a user does, and return how it ended with everything it printed."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, text=True, check=False, timeout=120, **pipes)


def kill_once(folder: Path, pattern: str) -> list[Path]:
    """Start Snakemake, kill it and all it started as soon as a file matches `pattern`, and return what matched then."""
    with open(folder / "output.txt", "w") as output:
        pipes = {"stdout": output, "stderr": output}
        command = [sys.executable, "-m", "snakemake"]
        run = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, start_new_session=True, **pipes)
        deadline = time.monotonic() + 60
        while not list(folder.glob(pattern)) and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    found = list(folder.glob(pattern))
    assert found, (folder / "output.txt").read_text()
    return found


def small_choices() -> dict[str, object]:
    """Return a configuration of one analysis with two models."""
    choices = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    row = {"title": "A title", "question": "A question?", "dataset": "congruence", "measure": "ZCOR"}
    choices["analyses"] = {"small": {**row, "models": ["random_effects", "dersimonian_laird"]}}
    del choices["path_models"]
    return choices


def write_choices(folder: Path, choices: object) -> None:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(choices, sort_keys=False))


def copy_project(folder: Path) -> Path:
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "rendered"))
        else:
            shutil.copy(source, folder / name)
    keep = {"congruence"}
    for dataset in (path for path in (folder / "data").iterdir() if path.is_dir() and path.name not in keep):
        shutil.rmtree(dataset)
    write_choices(folder, small_choices())
    return folder


def use_stand_ins(folder: Path) -> Path:
    for name, (files, folders, direct) in STAGES.items():
        text = STAND_IN.format(files=files, folders=folders, direct=direct)
        (folder / "analysis" / "stages" / f"{name}.py").write_text(text)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a fresh copy with stand-ins; nothing has run in it."""
    return use_stand_ins(copy_project(tmp_path))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy with stand-ins in which everything has run."""
    folder = use_stand_ins(copy_project(tmp_path_factory.mktemp("finished")))
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout
    return folder
