"""The benchmark of robust inference runs and says what it means to."""

import json

import pytest

from benchmarks import robust


def test_a_row_for_every_task_and_how_far_the_answers_are_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = robust.tasks()["vcalc"]()
    monkeypatch.setattr(robust, "peer", lambda: {"vcalc": (0.9, 2.0 * answer)})
    assert robust.main(["--json", "--repeats", "1"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(robust.TASKS)
    assert [row["clubSandwich"] for row in rows] == [None, 0.9, None]
    assert rows[1]["difference"] == pytest.approx(0.5)
    assert rows[1]["ratio"] == pytest.approx(0.9 / rows[1]["ours"])
    assert "absent" in robust.show(rows)
