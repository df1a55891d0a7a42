"""The benchmarks run and say what they mean to; how fast is theirs to say, not a test's."""

import json

import pytest

from benchmarks import __main__ as command
from benchmarks import ours, peers
from benchmarks.peers import Timing


def test_a_row_for_every_task_with_metafor_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = {"single": Timing(0.0035, 20, 1), "subsets": Timing(31.0, 100, 8191)}
    monkeypatch.setattr(peers, "measure", lambda repeats: theirs)
    assert command.main(["--json", "--repeats", "1"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(command.TASKS)
    assert all(0 < row["ours"] < 60 for row in rows)
    single, large, subsets, _ = rows
    assert single["ratio"] == pytest.approx(0.0035 / single["ours"])
    assert large["metafor"] is None
    assert (single["metafor_extrapolated"], subsets["metafor_extrapolated"]) == (False, True)


def test_the_table_says_what_was_extrapolated_and_what_was_absent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ours, "measure", lambda repeats: dict.fromkeys(command.TASKS, 0.001))
    monkeypatch.setattr(peers, "measure", lambda repeats: {"subsets": Timing(31.0, 100, 8191)})
    assert command.main([]) == 0
    shown = capsys.readouterr().out
    assert "extrapolated from 100" in shown
    assert "31,000 x" in shown
    assert shown.count("absent") == 3
