"""Tests of a funnel's asymmetry against metafor, R's cor.test and clubSandwich, live."""

import itertools

import numpy as np
import pytest

from analysis.covariance import block_covariance, group_effects
from analysis.errors import ModelError, RankDeficientError, TooFewStudiesError
from analysis.fragility.asymmetry import ranktest, regtest
from analysis.fragility.egger_multilevel import egger_multilevel
from analysis.fragility.rank_correlation import kendall
from tests.conftest import RunR
from tests.fragility.test_influence import READ, SETS, near
from tests.tolerances import CLOSED_FORM, METAFOR

PREDICTORS = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
MODELS = (("rma", "REML", "z"), ("rma", "REML", "knha"), ("rma", "DL", "z"), ("rma", "EE", "z"), ("lm", "REML", "z"))
CODE = (
    READ
    + """
sets$bangert$ni <- dat.bangertdrowns2004$ni[complete.cases(dat.bangertdrowns2004$length)]
sets$bcg$ni <- with(dat.bcg, tpos + tneg + cpos + cneg)
sets$normand$ni <- with(dat.normand1999, n1i + n2i)
all <- list()
for (set in names(sets)) {
  data <- sets[[set]]
  for (predictor in predictors) for (i in seq_len(nrow(models))) for (mods in c(TRUE, FALSE)) {
    fit <- rma(yi, vi, mods = if (mods) ~ x else ~ 1, data = data, method = models[i, 2], test = models[i, 3],
               control = tight)
    res <- regtest(fit, ni = data$ni, predictor = predictor, model = models[i, 1])
    all[[paste(set, predictor, paste(models[i, ], collapse = " "), mods)]] <-
      lapply(list(stat = res$zval, pval = res$pval, est = res$est, ci.lb = res$ci.lb, ci.ub = res$ci.ub), unname)
  }
  ranks <- suppressWarnings(ranktest(data$yi, data$vi)); loose <- ranktest(data$yi, data$vi, exact = FALSE)
  all[[set]] <- c(as.list(data), list(tau = unname(ranks$tau), pval = ranks$pval, loose = loose$pval))
}
all
"""
)


@pytest.fixture(scope="module")
def metafor(r: RunR) -> dict[str, dict]:
    return r(CODE, models=MODELS, predictors=PREDICTORS)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("predictor", PREDICTORS)
@pytest.mark.parametrize(("model", "method", "test"), MODELS)
def test_the_regression_is_metafors(
    metafor: dict[str, dict], name: str, predictor: str, model: str, method: str, test: str
) -> None:
    data = metafor[name]
    for mods in (False, True):
        X = np.column_stack([np.ones(len(data["x"])), data["x"]]) if mods else None
        found = metafor[f"{name} {predictor} {model} {method} {test} {str(mods).upper()}"]
        ours = regtest(
            data["yi"], data["vi"], X, ni=data["ni"], predictor=predictor, model=model, method=method, test=test
        )
        near([ours.stat, ours.pval], [found["stat"], found["pval"]])
        if mods or predictor in ("ni", "sqrtni"):
            assert ours.est is None
        else:
            near([ours.est, ours.ci_lb, ours.ci_ub], [found[key] for key in ("est", "ci.lb", "ci.ub")])


@pytest.mark.parametrize("name", SETS)
def test_the_rank_test_is_metafors(metafor: dict[str, dict], name: str) -> None:
    found = metafor[name]
    exact, loose = ranktest(found["yi"], found["vi"]), ranktest(found["yi"], found["vi"], exact=False)
    near([exact.tau, exact.pval, loose.pval], [found["tau"], found["pval"], found["loose"]], CLOSED_FORM)
    assert exact.exact == (name != "bangert")


def test_kendalls_p_values_are_those_of_all_permutations() -> None:
    for n in (2, 3, 5, 6):
        x = np.arange(n, dtype=float)
        taus = [kendall(x, np.array(order, dtype=float))[0] for order in itertools.permutations(range(n))]
        for tau, order in zip(taus, itertools.permutations(range(n)), strict=True):
            lower, upper = np.mean(np.array(taus) <= tau + 1e-9), np.mean(np.array(taus) >= tau - 1e-9)
            expected = min(1.0, 2.0 * min(lower, upper))
            assert kendall(x, np.array(order, dtype=float))[1] == pytest.approx(expected, rel=CLOSED_FORM)


def test_kendall_is_rs_for_many_values_and_for_ties(r: RunR) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=150), rng.normal(size=150)
    y += 0.4 * x
    tied, ties = rng.integers(0, 6, 40).astype(float), rng.integers(0, 9, 40).astype(float)
    code = """
test <- function(x, y) unlist(cor.test(x, y, method = "kendall", exact = TRUE)[c("estimate", "p.value")])
list(long = unname(test(x, y)), tied = unname(suppressWarnings(test(tied, ties))))
"""
    found = r(code, x=x.tolist(), y=y.tolist(), tied=tied.tolist(), ties=ties.tolist())
    # R takes the upper tail as one minus the lower, and so knows it to an absolute 1e-12 or so.
    np.testing.assert_allclose(kendall(x, y)[:2], found["long"], rtol=CLOSED_FORM, atol=CLOSED_FORM)
    np.testing.assert_allclose(kendall(tied, ties)[:2], found["tied"], rtol=CLOSED_FORM)


def test_the_multilevel_test_is_that_of_metafor_with_clubsandwich(r: RunR) -> None:
    code = """
library(clubSandwich)
data <- dat.assink2016
data$sei <- sqrt(data$vi)
V <- vcalc(vi, cluster = study, obs = esid, rho = .6, data = data)
fit <- rma.mv(yi, V, mods = ~ sei, random = ~ 1 | study / esid, data = data,
              control = list(optimizer = "BFGS", reltol = 1e-14, maxit = 10000))
test <- coef_test(fit, vcov = vcovCR(fit, cluster = data$study, type = "CR2"), test = "Satterthwaite")
list(yi = c(data$yi), vi = c(data$vi), V = unname(V), study = data$study,
     b = test$beta, se = test$SE, df = test$df_Satt, p = test$p_Satt)
"""
    found = r(code)
    V = block_covariance(np.array(found["V"]), group_effects(found["study"]))
    ours = egger_multilevel(found["yi"], V, found["study"])
    near([ours.est, ours.b], found["b"], 10 * METAFOR)
    near([ours.est_se, ours.se], found["se"], 10 * METAFOR)
    near([ours.robust.ddf[0], ours.ddf], found["df"], 10 * METAFOR)
    near([ours.robust.pval[0], ours.pval], found["p"], 10 * METAFOR)


def test_one_effect_per_study_needs_no_second_level() -> None:
    rng = np.random.default_rng(2)
    ours = egger_multilevel(rng.normal(size=12), rng.uniform(0.01, 0.4, 12), np.arange(12))
    assert ours.fit.level_names == ("study_id",)
    assert np.isfinite(ours.pval)


def test_what_cannot_be_tested_is_said() -> None:
    with pytest.raises(RankDeficientError, match="the same in every study"):
        regtest([0.1, 0.3, 0.2, 0.5], [0.1] * 4)
    with pytest.raises(TooFewStudiesError, match="nothing to test"):
        regtest([0.1, 0.3], [0.1, 0.2])
    with pytest.raises(ModelError, match="Give ni"):
        regtest([0.1, 0.3, 0.2], [0.1, 0.2, 0.3], predictor="ninv")
    with pytest.raises(ModelError, match="the same for every effect"):
        egger_multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, [1, 1, 2, 2])
    assert any("no p value" in note for note in ranktest([0.1, 0.3, 0.2, 0.5], [0.1] * 4).notes)


def test_cautions_name_their_thresholds() -> None:
    said = " ".join(regtest([0.1, 0.12, 0.15, 0.1], [0.1, 0.12, 0.2, 0.3]).notes)
    assert "4 studies are fewer than 10" in said
    assert "3.0 times the smallest" in said
    assert "No study is significant" in said
