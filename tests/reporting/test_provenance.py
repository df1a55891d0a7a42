"""Provenance: digests against the system's own tool, and no clock."""

import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.errors import ConfigError
from analysis.provenance import describe_run, digest, source_date

ROW = {"name": "m", "seed": 7, "method": "REML"}


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_digests_are_those_of_sha256sum(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"yi,vi\n0.1,0.2\n")
    done = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True)
    assert digest(path.read_bytes()) == done.stdout.split()[0]


def test_a_run_is_described_the_same_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    files = {"b.csv": b"2", "a.csv": b"1"}
    first = describe_run({"name": "x"}, [ROW], files)
    assert first == describe_run({"name": "x"}, [ROW], dict(reversed(files.items())))
    assert list(first["digests"]["files"]) == ["a.csv", "b.csv"]
    assert first["seeds"] == {"m": 7}
    assert first["date"] is None
    assert "numpy" in first["packages"]


def test_a_changed_row_or_file_changes_its_digest_alone() -> None:
    before = describe_run({"name": "x"}, [ROW], {"a": b"1"})["digests"]
    after = describe_run({"name": "x"}, [{**ROW, "method": "DL"}], {"a": b"2"})["digests"]
    assert before["rows"]["analysis"] == after["rows"]["analysis"]
    assert before["rows"]["model m"] != after["rows"]["model m"]
    assert before["files"] != after["files"]


def test_a_date_comes_from_the_environment_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert source_date() == "2023-11-14"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ConfigError, match="seconds"):
        source_date()
