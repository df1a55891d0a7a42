"""What is installed is said once in pyproject.toml and once in environment.yml: the two must be equal."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
# The conda packages without what a workflow never needs (a window toolkit; remote storage plugins), and those that
# have another name there.
CONDA_NAMES = {
    "matplotlib-base": "matplotlib",
    "pypandoc": "pypandoc_binary",
    "snakemake-minimal": "snakemake",
    "typst-py": "typst",
}


def parts(requirement: str) -> tuple[str, tuple[str, ...]]:
    name, bounds = re.fullmatch(r"([A-Za-z0-9_-]+)\s*(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name), tuple(sorted(bounds.split(",")))


def test_environment_equals_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    wanted = dict(parts(line) for line in [f"python{project['requires-python']}", *project["dependencies"]])
    assert dict(parts(line) for line in environment["dependencies"]) == wanted


def test_channels_are_the_open_ones() -> None:
    assert yaml.safe_load((ROOT / "environment.yml").read_text())["channels"] == ["conda-forge", "bioconda"]


def test_python_version_file_satisfies_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = (ROOT / ".python-version").read_text().strip()
    assert project["requires-python"] == f">={pinned}"


def test_dependencies_are_resolved_as_of_one_date() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", tool["uv"]["exclude-newer"])
