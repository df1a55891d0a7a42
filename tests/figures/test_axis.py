import math

import numpy as np
import pytest

from analysis.figures.axis import axis_name, effect_limits, effect_ticks, null_value
from analysis.measures import back_transform
from analysis.vocabulary import MEASURE_NAMES

RANGES = {
    "ZCOR": [(-0.3, 0.9), (-1, 2), (-0.5, 3), (-4, 4), (0.1, 0.3)],
    "OR": [(-0.2, 0.3), (-3, 3), (-10, 8), (-0.05, 0.05), (-30, 30), (2, 3)],
    "PLO": [(-3, 3), (-8, 2), (-5, -3)],
    "SMD": [(-1.1, 1.5), (99, 140)],
    "MD": [(-2000, 50000)],
}
CASES = [(measure, low, high) for measure, ranges in RANGES.items() for low, high in ranges]


def read(label: str) -> float:
    superscripts = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    plain = label.replace("\u2212", "-").replace(",", "")
    if plain.startswith(("10⁻", "1 \u00d7 10")):
        return 10.0 ** int(plain.rsplit("10", 1)[1].translate(superscripts))
    return float(plain)


@pytest.mark.parametrize(("measure", "low", "high"), CASES)
@pytest.mark.parametrize("most", [4, 7, 9])
def test_a_tick_stands_where_its_label_says(measure: str, low: float, high: float, most: int) -> None:
    positions, labels = effect_ticks(low, high, measure, most)
    assert len(positions) >= 2
    assert all(low <= position <= high for position in positions)
    assert [read(label) for label in labels] == pytest.approx(back_transform(positions, measure), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("measure", "low", "high"), CASES)
def test_ticks_leave_room_for_their_labels(measure: str, low: float, high: float) -> None:
    positions, _ = effect_ticks(low, high, measure, 7)
    assert np.diff(positions).min() >= (high - low) / (7 * 2.6)
    assert len(set(positions)) == len(positions)


def test_correlations_have_round_ticks_without_a_leading_zero() -> None:
    assert effect_ticks(-1.2, 1.4, "ZCOR", 4)[1] == ["\u2212.8", "\u2212.5", "0", ".5", ".8"]


def test_odds_ratios_have_ticks_of_a_logarithmic_scale() -> None:
    assert effect_ticks(-3, 3, "OR", 4)[1] == ["0.1", "1", "10"]


@pytest.mark.parametrize("measure", MEASURE_NAMES)
def test_every_measure_has_a_name_for_its_axis(measure: str) -> None:
    assert axis_name(measure)[0].isupper()


def test_one_endless_whisker_does_not_stretch_the_axis() -> None:
    lb, yi, ub = [0.0] * 10 + [-90.0], [0.3] * 11, [0.6] * 10 + [90.0]
    low, high = effect_limits(lb, yi, ub, measure="ZCOR")
    assert -3 < low < 0 < 0.6 < high < 3


def test_moderate_whiskers_are_shown_in_full() -> None:
    low, high = effect_limits([-0.5, 0.0, 0.1], [0.2, 0.3, 0.4], [0.9, 0.6, 0.7], measure="ZCOR")
    assert low < -0.5 < 0.9 < high


def test_values_that_must_be_seen_are_inside() -> None:
    low, high = effect_limits([0.4, 0.5], [0.5, 0.6], [0.6, 0.7], measure="OR", near=[1.1, 99, math.nan], keep=[-3])
    assert low < -3 < 0 < 1.1 < high < 2


def test_zero_is_not_shown_when_it_is_far_from_values_in_units_of_their_own() -> None:
    low, high = effect_limits([99.0, 100], [100, 101], [101, 102], measure="MD")
    assert 95 < low < high < 105


def test_a_proportion_has_no_value_of_no_effect() -> None:
    assert null_value("PLO") is None
    assert null_value("OR") == 0
