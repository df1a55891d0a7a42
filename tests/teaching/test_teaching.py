"""What notebooks show: the numbers of metafor for a given tau2, text that stays text, choices that are refused."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import ConfigError, DataError, ModelError
from analysis.formatting import MISSING, format_effect, format_interval
from analysis.teaching import (
    Opened,
    choose,
    columns,
    draw_curves,
    draw_tau2,
    draw_true_effects,
    draw_without,
    open_analysis,
    open_table,
    reproduce,
    show,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def regard() -> Opened:
    return open_analysis(ROOT, "positive_regard")


@pytest.mark.parametrize("tau2", [0.0, 0.02, 0.5])
def test_the_mean_under_a_given_tau2_is_that_of_metafor(regard: Opened, r: Any, tau2: float) -> None:
    yi, vi = columns(regard.effects, "yi", "vi")
    code = (
        "fit <- rma(yi, vi, tau2 = tau2); p <- predict(fit); list(fit$beta[1], fit$ci.lb, fit$ci.ub, p$pi.lb, p$pi.ub)"
    )
    mean, low, high, new_low, new_high = r(code, yi=list(yi), vi=list(vi), tau2=tau2)
    alt = draw_tau2(regard.effects, tau2, measure="ZCOR").alt
    assert f"r = {format_effect(mean, 'ZCOR')}, 95% CI {format_interval(low, high, 'ZCOR')}" in alt
    assert (f"prediction interval {format_interval(new_low, new_high, 'ZCOR')}" in alt) == (tau2 > 0)


def test_the_share_beyond_zero_is_that_of_the_normal_law() -> None:
    # P(Z < -1) = 0.1587 (any table of the normal law).
    assert "15.9% have the other sign" in draw_true_effects(0.2, 0.2, measure="ZCOR").caption
    with pytest.raises(ModelError, match="above 0"):
        draw_true_effects(0.2, 0.0, measure="ZCOR")


def test_a_stranger_s_text_stays_text() -> None:
    shown = show([{"slab": "<script>alert(1)</script>", "yi": 0.5}], caption="a < b")._repr_html_()
    assert "<script>" not in shown
    assert "a &lt; b" in shown
    picture = draw_curves([0, 1], {"a": [0, 1]}, x_name="x", y_name="y", alt='"><script>')
    assert "<script>" not in picture._repr_html_()


def test_tables_round_once_and_name_what_is_not_there() -> None:
    table = show({"one": {"beta": np.array([0.12345]), "pval": 0.0001, "k": 3}})
    assert table.rows == (("one", "0.123", "p < .001", "3"),)
    assert show([{"a": None}]).rows == ((MISSING,),)
    with pytest.raises(DataError, match="no column b"):
        show([{"a": 1}], "b")
    with pytest.raises(DataError, match="no row"):
        show([])


def test_choices_show_every_value_and_start_where_asked() -> None:
    chosen = choose(partial(draw_true_effects, 0.2, measure="ZCOR"), "tau", tau=[0.1, 0.2], start=0.2)
    page = chosen.as_html()
    assert page.count("choice-frame") == 2 + page.count(".choice-frame{")
    assert page.count(" checked>") == 1
    assert chosen.as_html() == page
    bundle = chosen._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == page


@pytest.mark.parametrize(
    ("values", "start", "said"),
    [
        ({}, None, "0 arguments"),
        ({"a": [1]}, None, "1 values"),
        ({"a": [1, 2]}, 3, "starts at 3"),
        ({"a": [1, 2], "b": [1, 2]}, None, "2 arguments"),
    ],
)
def test_choices_that_cannot_be_made_are_refused(values: Any, start: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        choose(draw_true_effects, start=start, **values)


def test_what_is_not_there_is_named(regard: Opened) -> None:
    with pytest.raises(ConfigError, match="no analysis named regard"):
        open_analysis(ROOT, "regard")
    with pytest.raises(DataError, match="no column zi"):
        columns(regard.effects, "zi")
    with pytest.raises(ModelError, match="no study labelled"):
        draw_without(regard.effects, "Nobody (1900)", row=regard.models["random_effects"], measure="ZCOR")


def test_a_table_as_it_was_left_gives_the_effects_of_the_dataset() -> None:
    effects, said = open_table(ROOT / "config" / "example_table.csv", "ZCOR", slab="Study", ri="r", ni="N")
    prepared = open_analysis(ROOT, "paternal_sensitivity").effects
    np.testing.assert_allclose(columns(effects, "yi", "vi"), columns(prepared, "yi", "vi"), rtol=1e-14)
    assert any("total" in sentence for sentence in said)


def test_the_ledger_is_judged_at_the_tolerance_that_is_asked_for() -> None:
    congruence = open_analysis(ROOT, "congruence")
    strict, lax = (reproduce(congruence, tolerance=tolerance).ledgers["ledger"] for tolerance in (1.0, 50.0))
    assert {row["verdict"] for row in strict} == {"reproduced", "differs"}
    assert "differs" not in {row["verdict"] for row in lax}
