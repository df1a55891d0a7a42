"""The robustness section: its sentences follow from the tables by stated rules; without tables there is none."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.stages.make_ledger import main as make_ledger
from analysis.stages.make_tables import main as make_tables
from analysis.stages.render_report import main as render_report
from tests.fake_results import build_folder, write_fragility

type Page = Callable[..., str]

EFFECT: dict[str, Any] = {
    **dict.fromkeys(("rstudent", "dffits", "cov_r", "tau2_del", "qe_del", "hat", "weight", "dfbetas")),
    **dict.fromkeys(("baujat_x", "baujat_y", "pval", "tau2", "i2")),
    **{"effect_id": "e1", "study_id": "s1", "row": 2, "is_infl": False, "flips": False, "term": "intrcpt"},
}
ADJUSTED: dict[str, Any] = {
    **{"se": 0.1, "pval": 0.01, "tau2": 0.02, "k_used": 12, "k_added": None, "caution": False, "reasons": None},
}
SUMMARY: dict[str, Any] = {
    **{"estimand": "all", "n": 24, "failed": 0, "median": 0.25, "low": 0.2, "high": 0.3, "smallest": 0.1},
    **{"largest": 0.4, "positive": 1.0, "negative": 0.0, "clear_positive": 0.75, "clear_negative": 0.0},
    **{"no_effect": 0.0, "level": 95.0, "reasons": None},
}


def effect(slab: str, estimate: float, lb: float, cook: float, **more: Any) -> dict[str, Any]:
    own = {"slab": slab, "estimate": estimate, "ci_lb": lb, "ci_ub": estimate + 0.2, "cook_d": cook}
    return {**EFFECT, **own, **more}


def adjusted(method: str, estimate: float, lb: float, ub: float, family: str, **more: Any) -> dict[str, Any]:
    own = {"method": method, "label": method.upper(), "estimate": estimate, "ci_lb": lb, "ci_ub": ub, "family": family}
    return {**ADJUSTED, **own, **more}


@pytest.fixture
def page(tmp_path: Path) -> Page:
    def render(**tables: Any) -> str:
        folder = build_folder(tmp_path)
        write_fragility(folder.results, **tables)
        assert make_tables(folder.tables_arguments()) == 0
        assert make_ledger(folder.ledger_arguments()) == 0
        assert render_report(folder.report_arguments()) == 0
        text = (folder.page / "index.html").read_text(encoding="utf-8")
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text.split("</style>", 1)[1]))

    return render


def test_without_tables_there_is_no_section(page: Page) -> None:
    assert "how fragile" not in page()


def test_no_single_effect_changes_the_conclusion(page: Page) -> None:
    rows = [effect("Ash (2001)", 0.21, 0.05, 0.1), effect("Birch (2002)", 0.33, 0.1, 0.4)]
    said = page(influence=rows)
    assert (
        "without any one of the 2 the mean stays between .21 (without Ash (2001)) and .32 (without Birch (2002))"
        in said
    )
    assert "The largest Cook\u2019s distance, 0.400, is that of Birch (2002)." in said
    assert "conclusion changes" not in said


def test_an_effect_that_flips_the_conclusion_is_named(page: Page) -> None:
    rows = [effect("Ash (2001)", 0.21, 0.05, 0.1), effect("Birch (2002)", 0.1, -0.1, 0.4, flips=True, is_infl=True)]
    said = page(influence=rows)
    assert "The conclusion changes without this effect: Birch (2002)." in said
    assert "these are influential: Birch (2002)" in said


def test_adjusted_estimates_are_counted_by_side_and_never_replace_the_headline(page: Page) -> None:
    rows = [
        adjusted("unadjusted", 0.28, 0.1, 0.4, "unadjusted"),
        adjusted("pet", 0.02, -0.2, 0.2, "small_study", caution=True, reasons="Few studies. | Much heterogeneity."),
        adjusted("trim", 0.22, 0.05, 0.35, "small_study"),
        adjusted("refused", 0.0, 0.0, 0.0, "selection") | dict.fromkeys(("estimate", "ci_lb", "ci_ub", "se", "pval")),
    ]
    said = page(bias_estimates=rows)
    assert "Of 2 estimates that allow for missing studies in one way or another, 1 keep an interval above zero" in said
    assert "the interval of 1 includes it" in said
    assert "They run from .02 (PET) to .22 (TRIM), beside .27 unadjusted." in said
    assert "For 1 of them there is a stated reason not to trust them with these data." in said
    assert "None of them corrects the headline number." in said
    assert "Few studies. Much heterogeneity." in said


def test_the_smallest_change_that_turns_the_conclusion_is_told(page: Page) -> None:
    flips = [
        {"choice": "method", "from": "REML", "to": "EE", "conclusion": "positive", "reference": "open", "spec": 7},
        {"choice": "method", "from": "REML", "to": "DL", "conclusion": "positive", "reference": "open", "spec": 9},
    ]
    shares = [{"estimand": "all", "choice": name, "options": 2, "share": share} for name, share in
              (("method", 0.2), ("aggregate", 0.5), ("interactions", 0.3))]  # fmt: skip
    said = page(multiverse_summary=[SUMMARY], multiverse_shares=shares, multiverse_flips=flips)
    assert "Of 24 specifications, 75.0% have an interval above zero and 0.0% one below it" in said
    assert "the largest share goes with the choice of treatment of a study\u2019s effects (50.0%)" in said
    assert "estimator from REML to EE, after which it is positive; 2 specifications turn it with as few changes" in said


def test_nothing_turns_it(page: Page) -> None:
    said = page(multiverse_summary=[SUMMARY])
    assert "No combination of the declared choices turns the conclusion" in said
