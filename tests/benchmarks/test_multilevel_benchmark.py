"""The benchmark of multilevel models runs and says what it means to."""

import json

import pytest

from benchmarks import command, multilevel


def test_a_row_for_every_task_and_how_far_the_answers_are_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = {name: task for name, task in multilevel.tasks().items() if name in ("three", "dense", "che")}
    monkeypatch.setattr(multilevel, "tasks", lambda: quick)
    monkeypatch.setattr(multilevel, "peer", lambda **flags: {"three": (0.9, 2.0 * quick["three"]())})
    assert multilevel.main(["--json", "--repeats", "1"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["metafor"] for row in rows] == [0.9, None]
    assert rows[0]["difference"] == pytest.approx(0.5)
    assert rows[0]["ratio"] == pytest.approx(0.9 / rows[0]["ours"])
    assert "absent" in command.beside(rows, "metafor")
    assert len(multilevel.rows(1, dense=True)) == 3


def test_every_task_has_a_target() -> None:
    assert set(multilevel.tasks()) == set(multilevel.TASKS)
