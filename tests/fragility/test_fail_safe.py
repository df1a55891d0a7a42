"""Fail-safe numbers against metafor, live."""

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.fragility.fail_safe import _expected, fsn
from analysis.frequentist import fit_random_effects
from tests.conftest import RunR
from tests.fragility.test_influence import READ, SETS, near
from tests.tolerances import ITERATIVE, METAFOR

CALLS: dict[str, tuple[str, dict]] = {
    "plain": ("", {}),
    "strict": (", alpha = .01", {"alpha": 0.01}),
    "orwin": (', type = "Orwin"', {"type": "Orwin"}),
    "weighted": (', type = "Orwin", weighted = TRUE', {"type": "Orwin", "weighted": True}),
    "target": (', type = "Orwin", target = .1', {"type": "Orwin", "target": 0.1}),
    "never": (', type = "Orwin", target = 0', {"type": "Orwin", "target": 0.0}),
    "rosenberg": (', type = "Rosenberg"', {"type": "Rosenberg"}),
    "rosenberg strict": (', type = "Rosenberg", alpha = .001', {"type": "Rosenberg", "alpha": 0.001}),
}
CODE = (
    READ
    + "all <- list()\nfor (set in names(sets)) { data <- sets[[set]]; all[[set]] <- as.list(data)\n"
    + "\n".join(
        f'res <- fsn(data$yi, data$vi{call})\nall[[paste(set, "{name}")]] <- list('
        'n = if (is.infinite(res$fsnum)) "inf" else res$fsnum, '
        "p = if (is.na(res$pval)) NULL else res$pval, m = if (is.na(res$meanes)) NULL else res$meanes)"
        for name, (call, _) in CALLS.items()
    )
    + "\n}\nall"
)


@pytest.fixture(scope="module")
def metafor(r: RunR) -> dict[str, dict]:
    return r(CODE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("call", CALLS)
def test_it_is_metafors(metafor: dict[str, dict], name: str, call: str) -> None:
    found, data = metafor[f"{name} {call}"], metafor[name]
    ours = fsn(data["yi"], data["vi"], **CALLS[call][1])
    assert ours.fsnum == (np.inf if found["n"] == "inf" else found["n"])
    if found["p"] is not None:
        near(ours.pval, found["p"], ITERATIVE)
    if found["m"] is not None:
        near(ours.meanes, found["m"], ITERATIVE)


@pytest.mark.parametrize("name", SETS)
def test_fishers_number_is_the_first_to_reach_the_level(r: RunR, name: str) -> None:
    # metafor's own root mixes whole studies with fractions of degrees of freedom; its p value at whole numbers decides.
    data = r(READ + "as.list(sets[[name]])", name=name)
    ours = fsn(data["yi"], data["vi"], combine="Fisher")
    code = """
pi <- pnorm(abs(yi / sqrt(vi)), lower.tail = FALSE)
p <- function(n) metafor:::.fsn.fisher(n, pi = pi, alpha = 0)
list(none = p(0), before = p(n - 1), at = p(n))
"""
    found = r(code, yi=data["yi"], vi=data["vi"], n=ours.fsnum)
    assert found["before"] < 0.05 <= found["at"]
    assert ours.pval == pytest.approx(found["none"], rel=ITERATIVE)


def test_the_random_effects_number_is_metafors(r: RunR) -> None:
    code = (
        READ
        + """
set.seed(1)
res <- fsn(yi, vi, data = sets$bcg, type = "REM", iters = 3000)
at <- metafor:::.fsn.fitnew(res$fsnum, sets$bcg$yi, sets$bcg$vi, 1 / mean(1 / sets$bcg$vi), tau2 <-
      rma(yi, vi, data = sets$bcg, method = "DL")$tau2, .05, 20000)
c(as.list(sets$bcg), list(n = res$fsnum, target = res$target, m = res$meanes, mean = at$mean, rate = at$rejrate))
"""
    )
    found = r(code)
    ours = fsn(found["yi"], found["vi"], type="REM")
    near([ours.meanes, ours.target], [found["m"], found["target"]], METAFOR)
    assert abs(ours.fsnum - found["n"]) <= 1  # metafor's number is drawn at random
    vi = np.array(found["vi"])
    tau2 = float(fit_random_effects(found["yi"], vi, method="DL").tau2)
    spread = float(np.sqrt(1 / np.mean(1 / vi) + tau2)), float(1 / np.mean(1 / vi))
    mean, rate = _expected(np.array(found["yi"]), vi, int(found["n"]), spread, 0.05)
    assert mean == pytest.approx(found["mean"], abs=0.005)
    assert rate == pytest.approx(found["rate"], abs=0.02)


def test_added_studies_enter_by_mean_and_scatter() -> None:
    rng = np.random.default_rng(3)
    y, v = np.array([0.9, 0.4, 1.2, 0.1]), np.array([0.05, 0.02, 0.1, 0.03])
    draws = rng.normal(0.0, 0.5, (40_000, 6))
    effects = np.concatenate([np.broadcast_to(y, (40_000, 4)), draws], axis=1)
    fit = fit_random_effects(effects, np.concatenate([v, np.full(6, 0.04)]), method="DL")
    mean, rate = _expected(y, v, 6, (0.5, 0.04), 0.05)
    assert mean == pytest.approx(fit.beta.mean(), abs=4 * fit.beta.std() / 200)
    assert rate == pytest.approx((fit.pval <= 0.05).mean(), abs=0.015)


def test_words_and_levels_are_checked() -> None:
    for choice in ({"type": "x"}, {"combine": "x"}, {"alpha": 0.7}, {"target": float("nan")}):
        with pytest.raises(ModelError):
            fsn([0.1, 0.2], [0.1, 0.1], **choice)  # type: ignore[arg-type]
    assert any("tolerance of 5 k + 10" in note for note in fsn([0.4, 0.5, 0.5], [0.04] * 3).notes)
