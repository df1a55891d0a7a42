"""Limit meta-analysis against the paper's formulas by R's lm, and against its own model simulated."""

import numpy as np
import pytest

from analysis.errors import ModelError, RankDeficientError, TooFewStudiesError
from analysis.fragility.limit import limitmeta
from tests.conftest import RunR
from tests.fragility.test_influence import READ, SETS, near
from tests.tolerances import METAFOR

# The radial plots as the paper draws them, unweighted regressions of z on inverse standard errors.
CODE = (
    READ
    + """
all <- list()
for (set in names(sets)) {
  data <- sets[[set]]
  fit <- rma(yi, vi, data = data, method = "DL")
  tau <- sqrt(fit$tau2); se <- sqrt(data$vi); total <- sqrt(data$vi + tau^2)
  plot.r <- lm(I(yi / total) ~ I(1 / total), data = data); beta <- coef(plot.r)[[2]]; alpha <- coef(plot.r)[[1]]
  limit <- beta + tau / total * (data$yi - beta)
  plot.l <- summary(lm(I(limit / se) ~ I(1 / se))); plot.f <- summary(lm(I(data$yi / se) ~ I(1 / se)))
  mean.l <- rma(limit, data$vi, method = "EE")
  all[[set]] <- c(as.list(data), list(
    alpha = alpha, beta = beta, limit = limit, Q = fit$QE,
    G2 = 1 - plot.l$r.squared, resid = plot.f$sigma^2 * (fit$k - 2),
    beta0 = c(beta + tau * alpha, 1 / sd(1 / se) / sqrt(fit$k - 1)), betalim = unname(plot.l$coefficients[2, 1:2]),
    mulim = c(coef(mean.l)[[1]], mean.l$se)))
}
all
"""
)


@pytest.fixture(scope="module")
def radial(r: RunR) -> dict[str, dict]:
    return r(CODE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("adjust", ["beta0", "betalim", "mulim"])
def test_the_estimates_are_lines_in_radial_plots(radial: dict[str, dict], name: str, adjust: str) -> None:
    found = radial[name]
    ours = limitmeta(found["yi"], found["vi"], adjust=adjust, method="DL")
    near([ours.alpha, ours.beta], [found["alpha"], found["beta"]], METAFOR)
    near(ours.limit, found["limit"])
    near([ours.est, ours.se], found[adjust])
    near([ours.g_squared, ours.q, ours.q_resid], [found["G2"], found["Q"], found["resid"]])
    assert ours.q_small == pytest.approx(ours.q - ours.q_resid)
    assert ours.pval == pytest.approx(2 * float(np.exp(_log_upper_tail(abs(ours.stat)))), rel=1e-6)


def _log_upper_tail(z: float) -> float:
    from scipy.stats import norm

    return float(norm.logsf(z))


def test_it_finds_the_effect_of_its_own_model() -> None:
    rng = np.random.default_rng(1)
    k, beta, alpha, tau2 = 40_000, 0.3, 0.8, 0.04
    vi = rng.uniform(0.001, 0.5, k)
    yi = beta + np.sqrt(vi + tau2) * (alpha + rng.normal(size=k))
    for adjust in ("beta0", "betalim"):
        found = limitmeta(yi, vi, adjust=adjust, method="DL")
        # The bias inflates tau2 a little, which DL takes for heterogeneity.
        assert found.est == pytest.approx(beta + np.sqrt(tau2) * alpha, abs=0.06)
        assert found.est < float(found.fit.beta[0]) - 0.1


def test_what_has_no_limit_is_said() -> None:
    with pytest.raises(RankDeficientError, match="same standard error"):
        limitmeta([0.1, 0.2, 0.3], [0.1] * 3)
    with pytest.raises(TooFewStudiesError, match="at least three"):
        limitmeta([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(ModelError, match="beta0, betalim, mulim"):
        limitmeta([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], adjust="x")
    assert any("Without between-study" in note for note in limitmeta([0.1, 0.1, 0.12], [0.1, 0.2, 0.3]).notes)
