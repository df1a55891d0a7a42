"""Deletion diagnostics against metafor, live."""

import numpy as np
import pytest

from analysis.errors import TooFewStudiesError
from analysis.fragility.influence import baujat, influence
from tests.conftest import RunR
from tests.tolerances import METAFOR

READ = """
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
normand <- escalc(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                  data = dat.normand1999)
bangert <- dat.bangertdrowns2004
sets <- list(bcg = data.frame(yi = c(bcg$yi), vi = c(bcg$vi), x = bcg$ablat),
             normand = data.frame(yi = c(normand$yi), vi = c(normand$vi), x = seq_len(nrow(normand))^2),
             bangert = data.frame(yi = c(bangert$yi), vi = c(bangert$vi), x = bangert$length))
sets <- lapply(sets, function(d) d[complete.cases(d), ])
tight <- list(threshold = 1e-12, maxiter = 10000, tol = 1e-12)
"""
SETS = ("bcg", "normand", "bangert")
MODELS = (("REML", "z"), ("REML", "knha"), ("DL", "z"), ("PM", "t"), ("EE", "z"), ("DL", "adhoc"))
NAMES = ("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")
CODE = (
    READ
    + """
pdf(NULL)
all <- list()
for (set in names(sets)) for (mods in c(TRUE, FALSE)) for (i in seq_len(nrow(models))) {
  data <- sets[[set]]
  formula <- if (mods) ~ x else ~ 1
  fit <- rma(yi, vi, mods = formula, data = data, method = models[i, 1], test = models[i, 2], control = tight)
  inf <- influence(fit); bau <- baujat(fit)
  found <- unclass(inf$inf)
  found <- lapply(c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight"),
                  function(name) c(found[[name]]))
  names(found) <- c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")
  dfbs <- unname(sapply(seq_len(fit$p), function(j) inf$dfbs[[j]]))
  all[[paste(set, mods, models[i, 1], models[i, 2])]] <-
    c(as.list(data), found, list(dfbs = matrix(dfbs, ncol = fit$p), flags = inf$is.infl, bx = bau$x, by = bau$y))
}
all
"""
)


@pytest.fixture(scope="module")
def metafor(r: RunR) -> dict[str, dict[str, list[float]]]:
    return r(CODE, models=MODELS)


def near(ours: object, theirs: object, tolerance: float = METAFOR) -> None:
    """Compare at a relative tolerance, with the size of the largest value as the scale of zeros."""
    expected = np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), expected, rtol=tolerance, atol=tolerance * np.nanmax(np.abs(expected))
    )


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("mods", [False, True])
@pytest.mark.parametrize(("method", "test"), MODELS)
def test_diagnostics_are_metafors(metafor: dict[str, dict], name: str, mods: bool, method: str, test: str) -> None:
    found = metafor[f"{name} {str(mods).upper()} {method} {test}"]
    X = np.column_stack([np.ones(len(found["x"])), found["x"]]) if mods else None
    ours = influence(found["yi"], found["vi"], X, method=method, test=test)
    for theirs in NAMES:
        near(getattr(ours, theirs.replace(".", "_").lower()), found[theirs])
    near(ours.dfbs, found["dfbs"])
    np.testing.assert_array_equal(ours.is_infl, found["flags"])
    plot = baujat(found["yi"], found["vi"], X, method=method, test=test)
    near(plot.x, found["bx"])
    near(plot.y, found["by"])


def test_given_weights_are_metafors(r: RunR) -> None:
    code = """
data <- sets$bcg
inf <- influence(rma(yi, vi, weights = 1:13, data = data, method = "DL"))
found <- lapply(1:8, function(j) c(inf$inf[[j]]))
names(found) <- names(inf$inf)[1:8]
c(as.list(data), found, list(dfbs = inf$dfbs[[1]], flags = inf$is.infl))
"""
    found = r(READ + code)
    ours = influence(found["yi"], found["vi"], method="DL", weights=np.arange(13) + 1.0)
    for theirs in NAMES:
        near(getattr(ours, theirs.replace(".", "_").lower()), found[theirs])
    near(ours.dfbs[:, 0], found["dfbs"])
    np.testing.assert_array_equal(ours.is_infl, found["flags"])


def test_an_effect_that_carries_a_coefficient_alone_has_no_diagnostics() -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(8), np.arange(8) == 2])
    ours = influence(rng.normal(size=8), rng.uniform(0.1, 0.3, 8), X)
    assert np.isnan(ours.rstudent[2])
    assert np.isfinite(ours.rstudent[[0, 1, 3]]).all()
    assert any("no estimate" in note for note in ours.notes)


def test_one_effect_is_refused() -> None:
    with pytest.raises(TooFewStudiesError, match="at least two"):
        influence([0.2], [0.1])


def test_a_model_without_an_effect_to_spare_is_refused() -> None:
    with pytest.raises(TooFewStudiesError, match="no subset of the 3 effects"):
        influence([0.2, 0.4, 0.1], [0.1, 0.2, 0.1], np.vander([1.0, 2.0, 4.0]), method="EE")
