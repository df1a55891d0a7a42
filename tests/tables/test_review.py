"""Tables of a review: none of its studies is lost, shares and weights add up, sources are named."""

from pathlib import Path

import pytest

from analysis.files import read_records
from analysis.stages import make_tables
from analysis.tables.review import REVIEW_TABLES, build_review_tables
from tests.fake_results import build_folder
from tests.figures.review_samples import HOSTILE, build, flow_rows, risk_part


def test_without_a_review_every_table_is_its_header(tmp_path: Path) -> None:
    folder = build_folder(tmp_path)
    assert make_tables.main(folder.tables_arguments()) == 0
    for name in REVIEW_TABLES:
        assert read_records(folder.results / "tables" / f"{name}.csv", f"../tables/{name}") == []
    assert set(build_review_tables(None, [], "d", "m")) == set(REVIEW_TABLES)


def test_tables_are_written_as_their_schemas_say_and_read_back(tmp_path: Path) -> None:
    folder = build_folder(tmp_path, review={"risk_of_bias": risk_part(12, 3, HOSTILE)})
    assert make_tables.main(folder.tables_arguments()) == 0
    rows = read_records(folder.results / "tables" / "risk_of_bias.csv", "../tables/risk_of_bias")
    assert len(rows) == 12 * 4
    assert str(rows[0]["slab"]).startswith("<script>")
    assert [row["entered"] for row in rows[:4]] == [False] * 4
    assert rows[-1]["entered"] is True


def test_shares_add_up_and_weights_are_those_of_the_headline() -> None:
    weights = {f"s{i}": 10.0 for i in range(10)}
    summary = build({"risk_of_bias": risk_part(20, 3)}, weights)["risk_of_bias_summary"]
    for domain in {row["domain"] for row in summary}:
        own = [row for row in summary if row["domain"] == domain]
        assert sum(row["count"] for row in own) == own[0]["total"] == 20
        assert sum(row["share"] for row in own) == pytest.approx(1)
        assert sum(row["weight"] for row in own) == pytest.approx(100)
        assert [row["count"] for row in own if row["level"] is None] == [2]
    assert {row["weight"] for row in build({"risk_of_bias": risk_part(3)})["risk_of_bias_summary"]} == {None}


def test_counts_name_their_key_and_sums_say_that_they_are() -> None:
    rows = flow_rows(previous=True, other=True)
    (screened,) = [row for row in rows if row["step"] == "screened"]
    assert screened["source"] == "data/d/review.yaml: flow.databases.screened"
    assert {row["source"] for row in rows if row["route"] == "total"} == {"data/d/review.yaml: sum"}
