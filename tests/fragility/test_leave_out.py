"""Leave-one-out and cumulative fits against metafor, live."""

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.fragility.leave_out import cumul, leave1out
from tests.conftest import RunR
from tests.fragility.test_influence import READ, SETS, near

FIELDS = {
    "estimate": "beta",
    "se": "se",
    "stat": "stat",
    "pval": "pval",
    "ci.lb": "ci_lb",
    "ci.ub": "ci_ub",
    "Q": "qe",
    "Qp": "qe_pval",
    "tau2": "tau2",
    "I2": "i2",
    "H2": "h2",
}
MODELS = (("REML", "z"), ("REML", "knha"), ("DL", "z"), ("PM", "knha"), ("EE", "z"), ("ML", "t"))
CODE = (
    READ
    + """
wanted <- c("estimate", "se", "stat", "pval", "ci.lb", "ci.ub", "Q", "Qp", "tau2", "I2", "H2")
tidy <- function(x) {
  x <- unclass(x)
  names(x)[names(x) %in% c("zval", "tval")] <- "stat"; names(x)[names(x) == "pvals"] <- "pval"
  lapply(x[intersect(wanted, names(x))], c)
}
all <- list()
for (set in names(sets)) for (i in seq_len(nrow(models))) {
  data <- sets[[set]]; x <- data$x
  fit <- rma(yi, vi, data = data, method = models[i, 1], test = models[i, 2], control = tight)
  all[[paste(set, models[i, 1], models[i, 2])]] <-
    c(as.list(data), list(leave = tidy(leave1out(fit)), grow = tidy(cumul(fit, order = x))))
}
one <- function(data, i, test) rma(yi, vi, mods = ~ x, data = data, subset = i, test = test, control = tight)
for (set in names(sets)) {
  data <- sets[[set]]; k <- nrow(data)
  leave <- lapply(1:k, function(i) one(data, -i, "knha")); grow <- lapply(5:k, function(i) one(data, 1:i, "z"))
  all[[set]] <- c(as.list(data), list(b = unname(t(sapply(leave, coef))), se = t(sapply(leave, function(f) f$se)),
                                      gb = unname(t(sapply(grow, coef))), gse = t(sapply(grow, function(f) f$se))))
}
all
"""
)


@pytest.fixture(scope="module")
def metafor(r: RunR) -> dict[str, dict]:
    return r(CODE, models=MODELS)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("method", "test"), MODELS)
def test_both_are_metafors(metafor: dict[str, dict], name: str, method: str, test: str) -> None:
    found = metafor[f"{name} {method} {test}"]
    left = leave1out(found["yi"], found["vi"], method=method, test=test).fits
    grown = cumul(found["yi"], found["vi"], order=found["x"], method=method, test=test).fits
    for key, fit in (("leave", left), ("grow", grown)):
        assert len(found[key]) >= 10
        for theirs, values in found[key].items():
            near(np.ravel(getattr(fit, FIELDS[theirs])), values)


@pytest.mark.parametrize("name", SETS)
def test_with_a_moderator_each_row_is_metafors_refit(metafor: dict[str, dict], name: str) -> None:
    found = metafor[name]
    X = np.column_stack([np.ones(len(found["x"])), found["x"]])
    left = leave1out(found["yi"], found["vi"], X, test="knha")
    near(left.fits.beta, found["b"])
    near(left.fits.se, found["se"])
    grown = cumul(found["yi"], found["vi"], X)
    near(grown.fits.beta[4:], found["gb"])
    near(grown.fits.se[4:], found["gse"])
    assert np.isnan(grown.fits.beta[:2]).all()


def test_flips_are_counted_from_the_intervals() -> None:
    yi, vi = np.array([0.9, 0.1, 0.15, 0.05]), np.full(4, 0.02)
    left = leave1out(yi, vi, method="EE")
    assert left.flips_decision[:, 0].tolist() == [True, False, False, False]
    assert not left.flips_sign.any()
    grown = cumul(yi, vi, method="EE")
    assert grown.settled == 1


def test_an_order_must_fit_the_effects() -> None:
    with pytest.raises(ModelError, match="one value per effect"):
        cumul([0.1, 0.2], [0.1, 0.1], order=[1])
    with pytest.raises(ModelError, match="effects 2"):
        cumul([0.1, 0.2], [0.1, 0.1], order=[1.0, float("nan")])
