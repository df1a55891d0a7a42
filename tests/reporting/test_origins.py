"""Where numbers come from: lines in words, files, models and rows of data; and the scripts that may tell of them."""

import base64
import hashlib
import json

import pytest

from analysis.errors import ConfigError
from analysis.reporting.origins import folder_origins, origins, worded_lines
from analysis.reporting.scripts import data_block, policy, read_scripts

ANALYSIS = {"name": "regard", "dataset": "positive_regard"}
MODEL_ROW = {"model": "a", "estimate": 0.2, "source": "a/fit.json"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ""),
        ([7], "line 7"),
        ([4, 2, 3], "lines 2\u20134"),
        ([2, 3, 5, 9, 10], "lines 2\u20133, 5, 9\u201310"),
        ([2, 2], "line 2"),
    ],
)
def test_lines_that_follow_each_other_are_a_range(lines: list[int], words: str) -> None:
    assert worded_lines(lines) == words


def test_a_model_stands_on_the_lines_it_did_not_leave_out() -> None:
    excluded = [{"model": None, "row": 9}, {"model": "b", "row": 3}]
    found = origins(ANALYSIS, {"models": [MODEL_ROW], "excluded": excluded}, [2, 3, 4], ["a", "b"])
    assert found["models"] == {"a": "lines 2\u20134", "b": "lines 2, 4"}
    assert found["lines"] == "lines 2\u20134"
    assert found["data"] == "data/positive_regard/effects.csv"
    assert found["rows"]["models.csv"] == [["a/fit.json", "a", None]]
    assert found["rows"]["excluded.csv"] == [[None, None, 9], [None, "b", 3]]


def test_lines_of_composites_are_said_to_be_their_first() -> None:
    found = origins({**ANALYSIS, "aggregate_rho": 0.5}, {}, [2, 7], ["a"])
    assert found["lines"] == found["models"]["a"] == "lines 2, 7 (the first of each composite)"


def test_a_page_on_whole_files_names_them_and_what_its_rows_were_made_from() -> None:
    found = folder_origins("results/corpus", ["data/x/effects.csv"], {"ledger": [MODEL_ROW], "empty": []})
    assert (found["tables"], found["files"]) == ("results/corpus", ["data/x/effects.csv"])
    assert found["rows"] == {"ledger.csv": [["a/fit.json"]]}


def test_a_script_is_allowed_by_the_digest_of_what_stands_between_its_tags() -> None:
    script = read_scripts({"x.js": "(function () {\n\n  run(); \n}());\n", "page.html.j2": "no script"})["x.js"]
    assert script.text == "(function () {\n  run();\n}());"
    digest = base64.b64encode(hashlib.sha256(str(script.text).encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy([script])
    assert "script-src 'none';" in policy([])


@pytest.mark.parametrize("text", ["x = '</script>';", "x = '<!-- ';", "document.write('<SCRIPT>')"])
def test_a_script_that_would_end_early_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"reports/templates/bad\.js"):
        read_scripts({"bad.js": text})


def test_data_in_a_script_cannot_end_it() -> None:
    hostile = {"name": "</script><script>alert(1)</script><!-- & \u2028"}
    block = data_block(hostile)
    assert not set("<>&\u2028") & set(block)
    assert json.loads(block) == hostile
