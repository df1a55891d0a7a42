# clubSandwich and metafor on one multilevel model: everything its robust inference gives, as plain arrays.
suppressMessages(library(clubSandwich))
plain <- function(x) unname(as.matrix(x))
kinds <- c("CR0", "CR1", "CR1p", "CR1S", "CR2")
answer <- function(res, cluster, constraints, contrast = NULL) {
  robustly <- lapply(setNames(kinds, kinds), function(kind) {
    vcov <- vcovCR(res, cluster = cluster, type = kind)
    tests <- coef_test(res, vcov = vcov, test = "Satterthwaite")
    ci <- conf_int(res, vcov = vcov, level = .95)
    wald <- lapply(constraints, function(columns) {
      w <- Wald_test(res, constraints = constrain_zero(columns), vcov = vcov, test = "HTZ")
      c(w$Fstat, w$df_num, w$df_denom, w$p_val)
    })
    line <- if (is.null(contrast)) NULL else {
      l <- linear_contrast(res, vcov = vcov, contrasts = matrix(contrast, 1), p_values = TRUE)
      list(est = I(l$Est), se = I(l$SE), df = I(l$df), lb = I(l$CI_L), ub = I(l$CI_U), pval = I(l$p_val))
    }
    list(vb = plain(vcov), se = I(tests$SE), df = I(tests$df_Satt), pval = I(tests$p_Satt),
         lb = I(ci$CI_L), ub = I(ci$CI_U), wald = wald, line = line)
  })
  list(beta = I(as.vector(res$beta)), X = plain(res$X), yi = as.vector(res$yi), cluster = as.character(cluster),
       M = plain(as.matrix(res$M)), kinds = robustly)
}
k <- dat.konstantopoulos2011
k$y1 <- (k$year - 1990) / 10
k$y2 <- k$y1^2
a <- dat.assink2016
VA <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
b <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
list(
  three_level = answer(rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = tight), k$district, list(1)),
  moderated = answer(rma.mv(yi, vi, mods = ~ y1 + y2, random = ~ 1 | district/school, data = k, control = tight),
                     k$district, list(2:3, 2), c(1, 0.5, 0.25)),
  correlated = answer(rma.mv(yi, VA, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, control = tight),
                      a$study, list(2:3, 4, 2:4), c(1, 1, 0, 1)),
  independent = answer(rma(yi, vi, mods = ~ ablat, data = b), b$alloc, list(2), c(1, 30))
)
