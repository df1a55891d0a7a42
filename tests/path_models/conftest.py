"""Craft et al. (2003) as metafor sees it: `rcalc`, `rma.mv`, `matreg`, asked once."""

from typing import Any

import numpy as np
import pytest

CODE = """
d <- dat.craft2003
# Study 17 lacks correlations that the covariances of its others need; study 6 has three complete ones.
d <- d[d$study != 17 & !is.na(d$ri), ]
raw <- rcalc(ri ~ var1 + var2 | study, ni = ni, data = d)
z <- rcalc(ri ~ var1 + var2 | study, ni = ni, data = d, rtoz = TRUE)
dat <- raw$dat
pair <- as.character(dat[[4]])
dat$pair <- factor(pair, levels = unique(pair))
tight <- list(optimizer = "optim", reltol = 1e-16, maxit = 10000)
fe <- rma.mv(yi, raw$V, mods = ~ 0 + pair, data = dat)
diag <- rma.mv(yi, raw$V, mods = ~ 0 + pair, random = ~ pair | study, struct = "DIAG", method = "ML", data = dat,
               control = tight)
un <- rma.mv(yi, raw$V, mods = ~ 0 + pair, random = ~ pair | study, struct = "UN", data = dat, control = tight)
regressions <- function(fit) {
  R <- vec2mat(unname(coef(fit)))
  # Levels come as perf, acog, asom, conf: the order in which vec2mat fills the upper triangle.
  rownames(R) <- colnames(R) <- c("perf", "acog", "asom", "conf")
  full <- matreg("perf", c("acog", "asom", "conf"), R = R, V = unname(vcov(fit)))
  half <- matreg("conf", c("acog", "asom"), R = R, V = unname(vcov(fit)))
  list(r = unname(coef(fit)), vb = unname(vcov(fit)), qe = fit$QE, tau2 = fit$tau2,
       b = full$tab$beta, se = full$tab$se, vb_full = unname(full$vb), r2 = full$R2, qm = full$QM,
       b_half = half$tab$beta, se_half = half$tab$se)
}
list(study = as.character(dat[[1]]), first = as.character(dat[[2]]), second = as.character(dat[[3]]), pair = pair,
     ri = dat$yi, ni = dat$ni, V = unname(raw$V), Vz = unname(z$V), levels = levels(dat$pair),
     fe = regressions(fe), diag = regressions(diag), un = regressions(un))
"""


@pytest.fixture(scope="session")
def craft(r: Any) -> dict[str, Any]:
    """Data and metafor's answers, with correlations in metafor's order of levels."""
    found = r(CODE)
    found["order"] = [found["levels"].index(name) for name in ORDER]
    for fit in (found["fe"], found["diag"], found["un"]):
        fit["r"] = np.array(fit["r"])[found["order"]]
        fit["vb"] = np.array(fit["vb"])[np.ix_(found["order"], found["order"])]
    return dict(found)


# Our pairs of the variables (perf, acog, asom, conf), in metafor's words.
ORDER = ("acog.perf", "asom.perf", "acog.asom", "conf.perf", "acog.conf", "asom.conf")
