# Record what metafor and clubSandwich answer for effects of which several come from one study.
#
#   Rscript validation/record_dependent.R
#
# Reads data/*/effects.csv, writes validation/reference/dependent/effects.json. Fisher's z from ri and ni; rows that the dataset
# excludes, and single-study n < 4, do not enter.
suppressMessages({library(metafor); library(clubSandwich); library(jsonlite)})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
tight <- list(optimizer = "nlminb", rel.tol = 1e-10)

answer <- function(path, mods) {
  dat <- read.csv(path, na.strings = "")
  if ("exclude" %in% names(dat)) dat <- dat[is.na(dat$exclude), ]
  dat <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat)
  models <- list()
  for (rho in c(NA, 0, 0.3, 0.6, 0.9)) for (formula in c("~ 1", mods)) {
    V <- if (is.na(rho)) dat$vi else vcalc(vi, cluster = study_id, obs = effect_id, data = dat, rho = rho)
    fit <- rma.mv(yi, V, mods = as.formula(formula), random = ~ 1 | study_id/effect_id, data = dat, control = tight)
    vb <- vcovCR(fit, cluster = dat$study_id, type = "CR2")
    tests <- coef_test(fit, vcov = vb, test = "Satterthwaite")
    p <- length(fit$beta)
    wald <- if (p > 1) Wald_test(fit, constraints = constrain_zero(2:p), vcov = vb, test = "HTZ") else NULL
    models[[length(models) + 1]] <- list(
      rho = if (is.na(rho)) NULL else rho, mods = if (formula == "~ 1") NULL else sub("^~ ", "", formula),
      k = fit$k, beta = I(c(fit$beta)), se = I(fit$se), sigma2 = I(fit$sigma2), QE = fit$QE, loglik = c(logLik(fit)),
      robust_se = I(tests$SE), robust_ddf = I(tests$df_Satt), robust_pval = I(tests$p_Satt),
      htz = if (is.null(wald)) NULL else list(stat = wald$Fstat, ddf = wald$df_denom, pval = wald$p_val))
  }
  list(data = path, models = models)
}

out <- list(
  R = R.version.string, metafor = as.character(packageVersion("metafor")),
  clubSandwich = as.character(packageVersion("clubSandwich")),
  tables = list(answer("data/positive_regard_effects/effects.csv", "~ ni"),
                answer("data/attachment_stability/effects.csv", "~ year")))
writeLines(toJSON(out, digits = 17, auto_unbox = TRUE, null = "null", pretty = TRUE),
           file.path(here, "reference", "dependent", "effects.json"))
