"""escalc without R: recorded answers of metafor, effects as given, missing rows, batches, options, and properties."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.errors import ConfigError, DataError
from analysis.measures import escalc
from analysis.vocabulary import MEASURE_INPUTS, MEASURE_NAMES, VTYPES

R_N = {"ri": [0.3, -0.62], "ni": [20, 55.25]}
GROUPS = {"m1i": [10.5, 7], "sd1i": [2, 3.1], "n1i": [12, 40], "m2i": [9, 7.5], "sd2i": [2.5, 2.2], "n2i": [15, 38]}
CHANGES = {"m1i": [10.5, 7], "sd1i": [2, 3.1], "m2i": [9, 7.5], "sd2i": [2.5, 2.2], "ni": [15, 38], "ri": [0.4, 0.7]}
TABLES = {"ai": [4, 0], "bi": [119, 18], "ci": [11, 3], "di": [128, 12]}

# metafor 3.8-1 (R 4.2), escalc(measure, <the columns above>), printed with "%.16g".
RECORDED = {
    "COR": (R_N, [0.3, -0.62], [0.04358421052631579, 0.006985499723502302]),
    "UCOR": (
        {**R_N, "ni": [21, 55.25]},
        [0.3080364745489094, -0.6236779234054024],
        [0.04096152514090385, 0.006882075331779348],
    ),
    "ZCOR": (R_N, [0.3095196042031118, -0.7250050877529992], [0.05882352941176471, 0.01913875598086124]),
    "MD": (GROUPS, [1.5, -0.5], [0.75, 0.3676184210526316]),
    "SMD": (GROUPS, [0.6341783459402627, -0.1833787927939876], [0.1574478180455468, 0.0515313521765469]),
    "SMDH": (GROUPS, [0.6424766466526788, -0.1841735709714731], [0.1564512948027852, 0.0514201702115322]),
    "ROM": (GROUPS, [0.1541506798272584, -0.06899287148695143], [0.008167464516670865, 0.007167388709869914]),
    "SMCC": (CHANGES, [0.5671726375840863, -0.2212168443397608], [0.07738949336080297, 0.02695969595025845]),
    "SMCR": (CHANGES, [0.7089657969801079, -0.1579949305884292], [0.09675441670958798, 0.01611792629067951]),
    "OR": (TABLES, [-0.9386941408703922, -2.337952236831337], [0.3571249522536287, 2.41976833976834]),
    "RR": (TABLES, [-0.8893113339202054, -2.117760405981972], [0.3255847650039613, 2.170582706766917]),
    "RD": (TABLES, [-0.04661636544422997, -0.1924342105263158], [0.000780068664855938, 0.01202974543312163]),
    "PLO": ({"xi": [4, 0], "ni": [20, 9]}, [-1.386294361119891, -2.94443897916644], [0.3125, 2.105263157894737]),
}


@pytest.mark.parametrize("measure", RECORDED)
def test_recorded_metafor(measure: str) -> None:
    columns, yi, vi = RECORDED[measure]
    effects = escalc(measure, columns)
    np.testing.assert_allclose(effects.yi, yi, rtol=1e-12)
    np.testing.assert_allclose(effects.vi, vi, rtol=1e-12)


def test_textbook() -> None:
    """Borenstein et al. (2009), chapter 4: means 103 and 100, sd 5.5 and 4.5, 50 people each."""
    columns = {"m1i": 103, "sd1i": 5.5, "n1i": 50, "m2i": 100, "sd2i": 4.5, "n2i": 50}
    d, g = escalc("SMD", columns, correct=False), escalc("SMD", columns, vtype="LS2")
    assert (d.yi[0], d.vi[0]) == pytest.approx((0.5970, 0.0418), abs=6e-5)
    assert (g.yi[0], g.vi[0]) == pytest.approx((0.5924, 0.0411), abs=1e-4)


def test_every_measure_is_named_and_has_a_default_variance() -> None:
    assert set(MEASURE_INPUTS) == set(MEASURE_NAMES) == set(VTYPES)
    assert all(vtypes[0] == "LS" for vtypes in VTYPES.values())


# --- A bias-corrected g as reported -------------------------------------------------------------------------
def test_reported_g_is_kept_to_the_last_bit() -> None:
    g = np.linspace(-2, 2, 401)
    effects = escalc("SMD", {"gi": g, "n1i": 17, "n2i": 23})
    np.testing.assert_array_equal(effects.yi, g)
    np.testing.assert_allclose(effects.vi, 1 / 17 + 1 / 23 + g**2 / 80, rtol=1e-12)


def test_lone_n_means_equal_arms() -> None:
    lone, arms = escalc("SMD", {"gi": 0.4, "ni": 41}), escalc("SMD", {"gi": 0.4, "n1i": 20.5, "n2i": 20.5})
    assert (lone.yi[0], lone.vi[0]) == (arms.yi[0], arms.vi[0])


def test_each_row_uses_the_first_set_it_fills() -> None:
    table = {
        "m1i": [10.5, None, None, None],
        "sd1i": [2, None, None, None],
        "m2i": [9, None, None, None],
        "sd2i": [2.5, None, None, None],
        "n1i": [12, 12, 12, None],
        "n2i": [15, 15, 15, None],
        "gi": [99, 0.6, None, 0.6],
        "di": [None, 99, 0.6, None],
        "ni": [None, None, None, 27],
    }
    effects = escalc("SMD", table)
    assert effects.yi[0] == pytest.approx(0.6341783459402627)
    assert effects.yi[1] == effects.yi[3] == 0.6
    assert 0.57 < effects.yi[2] < 0.6
    assert np.isfinite(effects.vi).all()


# --- Effects as given ---------------------------------------------------------------------------------------
def test_given_with_variance_standard_error_or_limits() -> None:
    z = stats.norm.ppf(0.975)
    table = {"yi": [0.2, 0.2, 0.2], "vi": [0.04, None, None], "sei": [None, 0.2, None]}
    limits = {"ci_lb": [None, None, 0.2 - 0.2 * z], "ci_ub": [None, None, 0.2 + 0.2 * z]}
    effects = escalc("GEN", {**table, **limits})
    np.testing.assert_array_equal(effects.yi, [0.2, 0.2, 0.2])
    np.testing.assert_allclose(effects.vi, 0.04, rtol=1e-12)


@pytest.mark.parametrize("level", [50, 90, 95, 99.9])
def test_ratios_are_logged_and_their_level_counts(level: float) -> None:
    half = stats.norm.ppf(0.5 + level / 200) * 0.3
    columns = {"yi": 1.5, "ci_lb": 1.5 * np.exp(-half), "ci_ub": 1.5 * np.exp(half)}
    effects = escalc("GEN", columns, level=level, ratio=True)
    assert effects.yi[0] == pytest.approx(np.log(1.5))
    assert effects.vi[0] == pytest.approx(0.09, rel=1e-12)
    assert escalc("GEN", {"yi": 1.5, "sei": 0.3}, ratio=True).vi[0] == pytest.approx(0.09)


# --- Missing values and shapes ------------------------------------------------------------------------------
@pytest.mark.parametrize("measure", RECORDED)
def test_a_row_with_any_input_missing_is_missing(measure: str) -> None:
    columns: dict[str, Any] = RECORDED[measure][0]
    for names in MEASURE_INPUTS[measure]:
        for name in names if set(names) <= set(columns) else ():
            effects = escalc(measure, {**columns, name: [None, columns[name][1]]})
            np.testing.assert_array_equal(np.isnan(effects.yi), [True, False])
            np.testing.assert_array_equal(np.isnan(effects.vi), [True, False])


def test_a_table_of_missing_values_is_missing() -> None:
    for measure in ("ZCOR", "SMD", "OR", "PLO"):
        columns = {name: [None, None] for name in MEASURE_INPUTS[measure][0]}
        assert np.isnan(escalc(measure, columns).yi).all()


def test_an_empty_table_is_empty() -> None:
    assert escalc("ZCOR", {"ri": [], "ni": []}).yi.shape == (0,)


@pytest.mark.parametrize(
    ("measure", "vtype"), [("COR", "AV"), ("SMD", "AV"), ("RD", "AV"), ("ROM", "AVHO"), ("ZCOR", "LS")]
)
def test_a_batch_is_its_tables_one_by_one(measure: str, vtype: str) -> None:
    columns: dict[str, Any] = RECORDED[measure][0]
    batch = {name: np.array([values, values[::-1], [values[0], values[0]]]) for name, values in columns.items()}
    together = escalc(measure, batch, vtype=vtype)
    for i in range(3):
        alone = escalc(measure, {name: values[i] for name, values in batch.items()}, vtype=vtype)
        np.testing.assert_allclose(together.yi[i], alone.yi, rtol=1e-14)
        np.testing.assert_allclose(together.vi[i], alone.vi, rtol=1e-14)


# --- Choices that do not exist ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: escalc("ABC", R_N), "measure is ABC; it must be one of COR, UCOR"),
        (lambda: escalc("COR", R_N, vtype="UB"), "vtype is UB; for COR it must be one of LS, AV"),
        (lambda: escalc("SMDH", GROUPS, vtype="LS2"), "vtype is LS2; for SMDH it must be one of LS"),
        (lambda: escalc("OR", TABLES, to="some"), "to is some; it must be one of only0, all, if0all, none"),
        (lambda: escalc("OR", TABLES, add=-1), "add is -1; it must be 0 or more"),
        (lambda: escalc("OR", TABLES, add=float("nan")), "add is nan"),
        (lambda: escalc("GEN", {"yi": 1, "vi": 1}, level=0.95 * 0), "level is 0; it must be between 0 and 100"),
        (lambda: escalc("GEN", {"yi": 1, "vi": 1}, level=100), "level is 100"),
    ],
)
def test_refuses_choices_that_do_not_exist(call: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()


def test_refuses_a_table_without_the_columns() -> None:
    with pytest.raises(DataError, match=r"ZCOR needs the columns ri, ni; or ti, ni; or pi, ni\. Found: ri\."):
        escalc("ZCOR", {"ri": [0.2], "n": [20]})
    with pytest.raises(DataError, match=r"Found: none of them\."):
        escalc("PLO", {})


def test_refuses_columns_of_different_length() -> None:
    with pytest.raises(DataError, match=r"differ in length: ri \(3,\), ni \(2,\)"):
        escalc("ZCOR", {"ri": [0.1, 0.2, 0.3], "ni": [20, 30]})


# --- Properties ---------------------------------------------------------------------------------------------
N = st.floats(5, 1e5)
MEAN = st.floats(0.1, 100)
SD = st.floats(0.1, 30)


@given(r=st.floats(-0.99, 0.99), n=N)
def test_correlations_change_sign_and_nothing_else(r: float, n: float) -> None:
    for measure in ("COR", "UCOR", "ZCOR"):
        effects = escalc(measure, {"ri": [r, -r], "ni": n})
        assert effects.yi[0] == -effects.yi[1]
        assert effects.vi[0] == effects.vi[1] > 0


@given(m1=MEAN, m2=MEAN, sd1=SD, sd2=SD, n1=N, n2=N)
def test_groups_can_be_exchanged(m1: float, m2: float, sd1: float, sd2: float, n1: float, n2: float) -> None:
    columns = {
        "m1i": [m1, m2],
        "sd1i": [sd1, sd2],
        "n1i": [n1, n2],
        "m2i": [m2, m1],
        "sd2i": [sd2, sd1],
        "n2i": [n2, n1],
    }
    for measure in ("MD", "SMD", "SMDH", "ROM"):
        for vtype in VTYPES[measure]:
            effects = escalc(measure, columns, vtype=vtype)
            np.testing.assert_allclose(effects.yi[0], -effects.yi[1], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(effects.vi[0], effects.vi[1], rtol=1e-9)
            assert effects.vi[0] > 0


@given(m1=MEAN, m2=MEAN, sd1=SD, sd2=SD, n1=N, n2=N, unit=st.floats(0.01, 100))
def test_standardised_effects_do_not_know_their_unit(
    m1: float, m2: float, sd1: float, sd2: float, n1: float, n2: float, unit: float
) -> None:
    scale = np.array([1, unit])
    columns = {"m1i": m1 * scale, "sd1i": sd1 * scale, "n1i": n1, "m2i": m2 * scale, "sd2i": sd2 * scale, "n2i": n2}
    for measure in ("SMD", "SMDH", "ROM"):
        effects = escalc(measure, columns)
        np.testing.assert_allclose(effects.yi[0], effects.yi[1], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(effects.vi[0], effects.vi[1], rtol=1e-9)


@given(counts=st.tuples(*[st.integers(0, 500)] * 4).filter(lambda c: c[0] + c[1] > 0 and c[2] + c[3] > 0))
def test_arms_of_a_table_can_be_exchanged(counts: tuple[int, int, int, int]) -> None:
    a, b, c, d = counts
    columns = {"ai": [a, c], "bi": [b, d], "ci": [c, a], "di": [d, b]}
    for measure in ("OR", "RR", "RD"):
        effects = escalc(measure, columns)
        np.testing.assert_allclose(effects.yi[0], -effects.yi[1], rtol=1e-9, atol=1e-12)
        assert effects.vi[0] == pytest.approx(effects.vi[1], rel=1e-9)
        assert effects.vi[0] > 0


@given(x=st.integers(0, 500), m=st.integers(0, 500).filter(bool))
def test_events_and_their_absence_are_mirror_images(x: int, m: int) -> None:
    effects = escalc("PLO", {"xi": [x, m], "mi": [m, x]})
    np.testing.assert_allclose(effects.yi[0], -effects.yi[1], rtol=1e-12, atol=1e-12)
    assert effects.vi[0] == pytest.approx(effects.vi[1], rel=1e-12)
    assert effects.vi[0] > 0


@given(m1=MEAN, m2=MEAN, sd1=SD, sd2=SD, n=N, r=st.floats(-0.95, 0.95))
def test_changes_have_a_variance(m1: float, m2: float, sd1: float, sd2: float, n: float, r: float) -> None:
    for measure in ("SMCC", "SMCR"):
        effects = escalc(measure, {"m1i": m1, "sd1i": sd1, "m2i": m2, "sd2i": sd2, "ni": n, "ri": r})
        assert np.sign(effects.yi[0]) == np.sign(m1 - m2)
        assert effects.vi[0] > 0
