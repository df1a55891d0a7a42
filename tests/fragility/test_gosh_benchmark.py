"""The benchmark of fragility runs and says what it means to."""

import json

import pytest

from benchmarks import fragility


def test_a_row_for_every_task_and_how_far_the_answers_are_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = fragility.tasks()["leave1out"]()
    monkeypatch.setattr(fragility, "peer", lambda: {"leave1out": (3.7, 2.0 * answer)})
    assert fragility.main(["--json", "--repeats", "1"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(fragility.TASKS)
    assert [row["metafor"] for row in rows] == [None, 3.7, None, None, None]
    assert rows[1]["difference"] == pytest.approx(0.5)
    assert rows[1]["ratio"] == pytest.approx(3.7 / rows[1]["ours"])
    assert "absent" in fragility.show(rows)
