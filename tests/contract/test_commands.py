"""What the README tells a reader to type is what the checks run; and nothing names the machine it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ["pip install uv && uv run snakemake", "uv run pytest"]
# Registry hosts and folders of one machine would tie the project to it; uv.lock names hosts and stays untracked.
FOLDERS = "|".join(re.escape(f"{folder}/") for folder in (ROOT, Path.home()))
FORBIDDEN = re.compile(
    rf"pypi\.org|pythonhosted|registry\s*=|index-url|file:///\w|(?<![\w.])/(?:home|opt|root|work|Users)/|{FOLDERS}",
    re.I,
)
OWN_NAME = "tests/contract/test_commands.py"


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("command", COMMANDS)
def test_command_stands_in_the_readme_and_in_the_checks(command: str) -> None:
    pattern = re.compile(rf"^{re.escape(command)}(?:\s+#.*)?$", re.MULTILINE)
    assert pattern.search((ROOT / "README.md").read_text())
    assert pattern.search((ROOT / ".ci" / "run").read_text())


def test_lock_file_is_not_tracked() -> None:
    assert "uv.lock" not in [path.name for path in tracked()]


def test_no_registry_host_and_no_machine_path_is_tracked() -> None:
    named = {}
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if name != OWN_NAME and (found := FORBIDDEN.search(text)):
            named[name] = found.group()
    assert not named


def test_python_version() -> None:
    assert (ROOT / ".python-version").read_text() == "3.12\n"


def test_checks_are_strict_bash() -> None:
    path = ROOT / ".ci" / "run"
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
    assert "set -euo pipefail" in path.read_text()
