"""Trim and fill against metafor, live."""

import numpy as np
import pytest

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.trim_fill import trimfill
from tests.conftest import RunR
from tests.fragility.test_influence import READ, SETS, near
from tests.tolerances import METAFOR

SIDES = ("auto", "left", "right")
MODELS = (("REML", "z"), ("DL", "knha"), ("EE", "z"))
# Beside the published sets: skewed funnels with many missing studies, drawn here.
CODE = (
    READ
    + """
tight <- list(threshold = 1e-12, maxiter = 100000, stepadj = 0.5)
sets$skewed <- data.frame(yi = skewed$yi, vi = skewed$vi, x = 1)
sets$cut <- data.frame(yi = -cut$yi, vi = cut$vi, x = 1)
all <- list()
for (set in names(sets)) {
  data <- sets[[set]]
  all[[set]] <- as.list(data)
  for (i in seq_len(nrow(models))) for (side in c("auto", "left", "right")) for (estimator in c("L0", "R0", "Q0")) {
    fit <- rma(yi, vi, data = data, method = models[i, 1], test = models[i, 2], control = tight)
    # metafor forgets the test of the model when it refits with the filled studies, unless told again.
    call <- list(fit, estimator = estimator, control = tight, test = models[i, 2])
    if (side != "auto") call$side <- side
    res <- try(do.call(trimfill, call), silent = TRUE)
    key <- paste(set, models[i, 1], models[i, 2], side, estimator)
    all[[key]] <- if (inherits(res, "try-error")) list(error = TRUE) else
      list(side = res$side, k0 = res$k0, se = res$se.k0, p = if (is.na(res$p.k0)) NULL else res$p.k0,
           b = c(coef(res)), sem = res$se, ci = c(res$ci.lb, res$ci.ub), tau2 = res$tau2, y = c(res$yi), v = res$vi)
  }
}
all
"""
)


def skewed(seed: int, k: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.005, 0.5, 4 * k)
    yi = rng.normal(0.1, np.sqrt(vi))
    kept = np.argsort(-yi / np.sqrt(vi))[:k]
    return {"yi": yi[kept].tolist(), "vi": vi[kept].tolist()}


@pytest.fixture(scope="module")
def metafor(r: RunR) -> dict[str, dict]:
    return r(CODE, models=MODELS, skewed=skewed(1, 20), cut=skewed(2, 35))


@pytest.mark.parametrize("name", [*SETS, "skewed", "cut"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("estimator", ["L0", "R0", "Q0"])
@pytest.mark.parametrize(("method", "test"), MODELS)
def test_it_is_metafors(metafor: dict[str, dict], name: str, side: str, estimator: str, method: str, test: str) -> None:
    data, found = metafor[name], metafor[f"{name} {method} {test} {side} {estimator}"]
    call = {"side": None if side == "auto" else side, "estimator": estimator, "method": method, "test": test}
    if found.get("error"):
        with pytest.raises(ModelError):
            trimfill(data["yi"], data["vi"], **call)
        return
    ours = trimfill(data["yi"], data["vi"], **call)
    assert (ours.side, ours.k0) == (found["side"], found["k0"])
    assert ours.se_k0 == pytest.approx(np.nan if found["se"] is None else found["se"], nan_ok=True)
    assert ours.p_k0 == pytest.approx(found["p"])
    near(ours.yi, found["y"])
    near(ours.vi, found["v"])
    near(
        [ours.fit.beta[0], ours.fit.se[0], ours.fit.ci_lb[0], ours.fit.ci_ub[0]],
        [found["b"], found["sem"], *found["ci"]],
    )
    assert ours.fit.tau2 == pytest.approx(found["tau2"], rel=METAFOR, abs=1e-11)
    assert ours.fill.sum() == ours.k0 == len(ours.source)


def test_studies_of_one_precision_choose_no_side() -> None:
    found = trimfill([0.1, 0.4, 0.2, 0.9], [0.1] * 4)
    assert found.side == "left"
    assert any("left was taken" in note for note in found.notes)


def test_equal_effects_miss_nothing() -> None:
    for estimator in ("L0", "R0", "Q0"):
        assert trimfill([0.3] * 5, [0.1, 0.2, 0.3, 0.4, 0.5], estimator=estimator, method="EE").k0 == 0


def test_words_and_single_studies_are_refused() -> None:
    with pytest.raises(ModelError, match="L0, R0, Q0"):
        trimfill([0.1, 0.2], [0.1, 0.2], estimator="L1")
    with pytest.raises(ModelError, match="left, right"):
        trimfill([0.1, 0.2], [0.1, 0.2], side="up")
    with pytest.raises(TooFewStudiesError):
        trimfill([0.1], [0.1])
