"""Every impossible value is found, named by row and column, and refused."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from analysis.errors import ConfigError, DataError, ImpossibleValueError
from analysis.measures import escalc, find_impossible, refuse_impossible

INF = float("inf")
R_N: dict[str, Any] = {"ri": 0.3, "ni": 20}
GROUPS: dict[str, Any] = {"m1i": 10, "sd1i": 2, "n1i": 12, "m2i": 9, "sd2i": 2.5, "n2i": 15}
CHANGES: dict[str, Any] = {"m1i": 10, "sd1i": 2, "m2i": 9, "sd2i": 2.5, "ni": 15, "ri": 0.4}
COUNTS: dict[str, Any] = {"ai": 4, "bi": 16, "ci": 9, "di": 11}
SIZES: dict[str, Any] = {"ai": 4, "n1i": 20, "ci": 9, "n2i": 20}
GIVEN: dict[str, Any] = {"yi": 0.2, "ci_lb": 0.1, "ci_ub": 0.4}

# measure, a possible row, the columns changed to make it impossible, column named, what the sentence says.
ONE_EACH = [
    ("COR", R_N, {"ri": 1.2}, "ri", "ri is 1.2; a correlation is between -1 and 1."),
    ("ZCOR", R_N, {"ri": -1.0001}, "ri", "ri is -1.0001; a correlation is between -1 and 1."),
    ("ZCOR", R_N, {"ri": 1}, "ri", "ri is 1; its Fisher z is infinite."),
    ("COR", R_N, {"ri": -1}, "ri", "ri is -1; such a correlation has no sampling variance."),
    ("UCOR", R_N, {"ri": 1}, "ri", "ri is 1; such a correlation has no sampling variance."),
    ("ZCOR", R_N, {"ni": 3}, "ni", "ni is 3; the variance of a Fisher z, 1/(ni - 3), needs ni >= 4."),
    ("COR", R_N, {"ni": 2}, "ni", "ni is 2; the variance of a correlation needs ni >= 4."),
    ("UCOR", R_N, {"ni": 4}, "ni", "ni is 4; the variance of an unbiased correlation needs ni >= 5."),
    ("ZCOR", R_N, {"ni": 0}, "ni", "ni is 0; a sample holds at least one person."),
    ("ZCOR", R_N, {"ni": -20}, "ni", "ni is -20; a sample holds at least one person."),
    ("ZCOR", R_N, {"ni": INF}, "ni", "ni is inf; a study reports finite numbers."),
    ("ZCOR", R_N, {"ri": "0,3"}, "ri", "ri is '0,3'; that is not a number."),
    ("ZCOR", {"pi": 0.2, "ni": 20}, {"pi": 0}, "pi", "pi is 0; a two-sided p value"),
    ("ZCOR", {"pi": 0.2, "ni": 20}, {"pi": -1.5}, "pi", "pi is -1.5; a two-sided p value"),
    ("COR", {"ti": 2.0, "ni": 20}, {"ti": -INF}, "ti", "ti is -inf; a study reports finite numbers."),
    ("COR", {"ti": 2.0, "ni": 20}, {"ti": 1e200}, "ti", "ti is 1e+200; such a correlation has no sampling variance."),
    ("MD", GROUPS, {"sd1i": 0}, "sd1i", "sd1i is 0; a standard deviation is above 0."),
    ("SMD", GROUPS, {"sd2i": -1}, "sd2i", "sd2i is -1; a standard deviation is above 0."),
    ("SMD", GROUPS, {"n1i": 0.5}, "n1i", "n1i is 0.5; a group holds at least one person."),
    ("SMD", GROUPS, {"n1i": 1, "n2i": 2}, "n1i", "n1i is 1 and n2i is 2; correcting its bias needs 4 people."),
    ("SMD", {"gi": 0.3, "ni": 30}, {"ni": 3}, "ni", "ni is 3; correcting its bias needs 4 people."),
    ("SMDH", GROUPS, {"n2i": 1}, "n2i", "n2i is 1; a variance of its own needs 2 people in the group."),
    ("ROM", GROUPS, {"m2i": -9}, "m1i", "m1i is 10 and m2i is -9; the logarithm of their ratio needs means of"),
    ("ROM", GROUPS, {"m1i": 0}, "m1i", "m1i is 0 and m2i is 9; the logarithm"),
    ("MD", GROUPS, {"m1i": INF}, "m1i", "m1i is inf; a study reports finite numbers."),
    ("SMCC", CHANGES, {"ri": 1.1}, "ri", "ri is 1.1; a correlation is between -1 and 1."),
    ("SMCC", CHANGES, {"ri": 1, "sd2i": 2}, "ri", "sd1i is 2 and sd2i is 2 and ri is 1; with these the change has"),
    ("SMCC", CHANGES, {"ni": 2}, "ni", "ni is 2; correcting its bias needs ni >= 3."),
    ("SMCR", CHANGES, {"sd1i": 0}, "sd1i", "sd1i is 0; a standard deviation is above 0."),
    ("SMCR", CHANGES, {"ri": 1, "m1i": 9}, "ri", "ri is 1; with no change at all the sampling variance is 0."),
    ("OR", COUNTS, {"bi": -1}, "bi", "bi is -1; a count is 0 or more."),
    ("RR", COUNTS, {"ai": 3.5}, "ai", "ai is 3.5; a count is a whole number."),
    ("RD", COUNTS, {"ai": 0, "bi": 0}, "ai", "ai is 0 and bi is 0; the group is empty."),
    ("OR", SIZES, {"ai": 21}, "ai", "ai is 21 and n1i is 20; there are more events than people."),
    ("OR", SIZES, {"n2i": 0, "ci": 0}, "n2i", "n2i is 0; a group holds at least one person."),
    ("OR", {**COUNTS, **SIZES}, {"n1i": 21}, "n1i", "ai is 4 and bi is 16 and n1i is 21; ai and bi do not add up to"),
    ("PLO", {"xi": 3, "ni": 9}, {"xi": 10}, "xi", "xi is 10 and ni is 9; there are more events than people."),
    ("PLO", {"xi": 3, "ni": 9}, {"xi": 2.5}, "xi", "xi is 2.5; a count is a whole number."),
    ("PLO", {"xi": 3, "mi": 9}, {"xi": 0, "mi": 0}, "xi", "xi is 0 and mi is 0; the group is empty."),
    ("GEN", {"yi": 0.2, "vi": 0.1}, {"vi": 0}, "vi", "vi is 0; a sampling variance is above 0."),
    ("GEN", {"yi": 0.2, "vi": 0.1}, {"vi": -0.1}, "vi", "vi is -0.1; a sampling variance is above 0."),
    ("GEN", {"yi": 0.2, "sei": 0.1}, {"sei": 0}, "sei", "sei is 0; a standard error is above 0."),
    ("GEN", GIVEN, {"ci_lb": 0.4}, "ci_lb", "ci_lb is 0.4 and ci_ub is 0.4; the lower limit is below the upper one."),
    ("GEN", GIVEN, {"yi": 0.5}, "yi", "yi is 0.5 and ci_lb is 0.1 and ci_ub is 0.4; the effect lies between its"),
    ("GEN", {"yi": 0.2, "vi": 0.1}, {"yi": -INF}, "yi", "yi is -inf; a study reports finite numbers."),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "possible", "change", "column", "what"), ONE_EACH)
def test_finds_it_and_names_the_row(
    measure: str, possible: dict[str, Any], change: dict[str, Any], column: str, what: str
) -> None:
    table = {name: [value, change.get(name, value), value] for name, value in possible.items()}
    assert find_impossible(measure, {name: [value] for name, value in possible.items()}) == ()
    found = find_impossible(measure, table)
    assert [(item.index, item.column) for item in found] == [(1, column)]
    assert found[0].what.startswith(what)
    assert found[0].remedy
    with pytest.raises(ImpossibleValueError) as caught:
        escalc(measure, table)
    assert str(caught.value) == f"row 2: {found[0].what} {found[0].remedy}"


@pytest.mark.parametrize("column", ["yi", "ci_lb", "ci_ub"])
def test_a_ratio_is_above_zero(column: str) -> None:
    table = {"yi": [1.5, 1.5], "ci_lb": [1.1, 1.1], "ci_ub": [2, 2]}
    table[column] = [table[column][0], 0]
    assert (1, column) in {(item.index, item.column) for item in find_impossible("GEN", table, ratio=True)}
    with pytest.raises(ImpossibleValueError, match=f"row 2: {column} is 0; a ratio is above 0"):
        escalc("GEN", table, ratio=True)


def test_negative_effects_are_no_ratios() -> None:
    assert find_impossible("GEN", {"yi": [-0.5], "vi": [0.1]}) == ()


def test_all_rows_at_once_in_their_order() -> None:
    with pytest.raises(ImpossibleValueError) as caught:
        escalc("ZCOR", {"ri": [1.5, 0.2, "x", None], "ni": [2, 3, 20, 0]})
    lines = str(caught.value).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "row 1: ri is 1.5",
        "row 1: ni is 2",
        "row 2: ni is 3",
        "row 3: ri is 'x'",
        "row 4: ni is 0",
    ]
    assert len(caught.value.problems) == 5


def test_missing_and_unused_values_are_not_impossible() -> None:
    assert find_impossible("ZCOR", {"ri": [None, 0.2, float("nan")], "ni": [20, None, 3]}) == ()
    assert find_impossible("ZCOR", {"ri": [0.2], "ni": [20], "vi": [-1], "note": ["see text"]}) == ()
    # A p value printed as 0 beside the correlation that is used.
    assert find_impossible("ZCOR", {"ri": [0.8], "ni": [20], "pi": [0.0]}) == ()


def test_sizes_may_be_fractions_but_counts_may_not() -> None:
    assert find_impossible("ZCOR", {"ri": [0.2], "ni": [55.25]}) == ()
    assert find_impossible("SMD", {"gi": [0.2], "n1i": [20.5], "n2i": [19.75]}) == ()
    assert find_impossible("PLO", {"xi": [2], "ni": [9.5]}) == ()
    assert [item.column for item in find_impossible("OR", {**COUNTS, "ci": 9.5})] == ["ci"]


def test_long_text_is_cut() -> None:
    (found,) = find_impossible("ZCOR", {"ri": ["z" * 500], "ni": [20]})
    assert len(found.what) < 80


def test_is_frozen_and_plain() -> None:
    (found,) = find_impossible("COR", {"ri": [2], "ni": [20]})
    with pytest.raises(FrozenInstanceError):
        found.index = 3  # type: ignore[misc]


def test_refuse_is_silent_about_possible_values() -> None:
    refuse_impossible("COR", {"ri": [0.2], "ni": [20]})


def test_measure_and_columns_must_exist() -> None:
    with pytest.raises(ConfigError, match="measure is XYZ"):
        find_impossible("XYZ", R_N)
    with pytest.raises(DataError, match="ZCOR needs the columns"):
        find_impossible("ZCOR", {"ri": [0.1]})
