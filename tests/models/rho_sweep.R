# metafor and clubSandwich over rho: correlated and hierarchical effects, and one composite per study.
suppressMessages(library(clubSandwich))
tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
a <- dat.assink2016
robustly <- function(res, cluster, several) {
  vcov <- vcovCR(res, cluster = cluster, type = "CR2")
  tests <- coef_test(res, vcov = vcov, test = "Satterthwaite")
  ci <- conf_int(res, vcov = vcov)
  wald <- if (several) { w <- Wald_test(res, constraints = constrain_zero(2), vcov = vcov, test = "HTZ"); c(w$Fstat, w$df_denom, w$p_val) } else NA
  list(beta = I(c(res$beta)), se = I(res$se), pval = I(res$pval), ci_lb = I(res$ci.lb), qe = res$QE, loglik = c(logLik(res)),
       robust_se = I(tests$SE), robust_ddf = I(tests$df_Satt), robust_pval = I(tests$p_Satt), robust_ci_lb = I(ci$CI_L),
       robust_ci_ub = I(ci$CI_U), omnibus = I(wald))
}
out <- list(yi = I(a$yi), vi = I(a$vi), study = a$study, esid = a$esid, pubstatus = I(a$pubstatus))
for (rho in c(0, 0.2, 0.5, 0.6, 0.9)) {
  V <- vcalc(vi, cluster = study, obs = esid, data = a, rho = rho)
  for (mods in c("mean", "pubstatus")) {
    formula <- if (mods == "mean") ~ 1 else ~ pubstatus
    res <- rma.mv(yi, V, mods = formula, random = ~ 1 | study/esid, data = a, control = tight)
    one <- aggregate(escalc(measure = "GEN", yi = yi, vi = vi, data = a), cluster = study, struct = "CS", rho = rho, weighted = FALSE)
    uni <- rma(yi, vi, mods = formula, data = one, control = list(threshold = 1e-12, maxiter = 1000))
    out[[paste(rho, mods)]] <- list(che = c(robustly(res, a$study, mods == "pubstatus"), list(sigma2 = I(res$sigma2))),
                                    aggregated = c(robustly(uni, one$study, mods == "pubstatus"), list(sigma2 = I(uni$tau2))))
  }
}
out
