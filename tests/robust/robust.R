# metafor's own robust inference on multilevel and independent models: without and with its factor, and clubSandwich's.
tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
answer <- function(res, cluster) {
  one <- function(...) {
    rob <- robust(res, cluster = cluster, ...)
    list(vb = unname(as.matrix(rob$vb)), se = I(rob$se), stat = I(rob$zval), pval = I(rob$pval), lb = I(rob$ci.lb),
         ub = I(rob$ci.ub), ddf = I(if (is.null(rob$ddf)) rob$dfs else rob$ddf), qm = c(rob$QM, rob$QMdf, rob$QMp),
         n = rob$n)
  }
  list(yi = I(c(res$yi)), V = as.matrix(if (is.null(res$V)) diag(res$vi) else res$V), X = unname(res$X),
       cluster = cluster, CR0 = one(adjust = FALSE), CR1p = one(adjust = TRUE), CR2 = one(clubSandwich = TRUE))
}
k <- dat.konstantopoulos2011
a <- dat.assink2016
VA <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
b <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
three <- rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = tight)
che <- rma.mv(yi, VA, mods = ~ deltype + pubstatus, random = ~ 1 | study/esid, data = a, control = tight)
uni <- rma(yi, vi, mods = ~ ablat, data = b, control = list(threshold = 1e-12, maxiter = 1000))
list(three_level = c(answer(three, k$district), list(inner = k$school)),
     correlated = c(answer(che, a$study), list(inner = a$esid)),
     independent = answer(uni, b$trial))
