# metafor's optimisers refuse different tolerances on different data; of those that settle the highest optimum is kept.
controls <- list(list(optimizer = "nlminb", rel.tol = 1e-12), list(optimizer = "nlminb", rel.tol = 1e-10),
                 list(optimizer = "BFGS", reltol = 1e-14, maxit = 5000),
                 list(optimizer = "Nelder-Mead", reltol = 1e-15, maxit = 10000))
best <- function(model) {
  call <- substitute(model)
  where <- parent.frame()
  tried <- lapply(controls, function(one) { call$control <- one; try(eval(call, where), silent = TRUE) })
  tried <- Filter(function(res) !inherits(res, "try-error"), tried)
  tried[[which.max(sapply(tried, function(res) c(logLik(res))))]]
}
answer <- function(res, V) {
  list(beta = I(c(res$beta)), se = I(res$se), pval = I(res$pval), ci_lb = I(res$ci.lb), sigma2 = I(if (res$withS) res$sigma2 else list()),
       tau2 = I(if (res$withG) res$tau2 else list()), rho = I(if (res$withG) res$rho else list()),
       fit = I(c(res$fit.stats[[if (res$method == "ML") 1 else 2]])), qe = c(res$QE, res$QEp), qm = c(res$QM, res$QMp),
       ddf = I(if (is.null(res$ddf)) NA else c(res$ddf)), yi = I(c(res$yi)), V = as.matrix(V), X = res$X)
}
k <- dat.konstantopoulos2011
k$row <- seq_len(nrow(k))
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
a <- dat.assink2016
out <- list(konstantopoulos = list(), berkey = list(), assink = list())
for (method in c("REML", "ML")) {
  res <- best(rma.mv(yi, vi, random = ~ 1 | district/school, data = k, method = method))
  out$konstantopoulos[[method]] <- c(answer(res, diag(k$vi)), list(outer = k$district, inner = k$school))
  for (kind in c("UN", "CS", "HCS", "DIAG")) {
    res <- best(rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = kind, data = b, method = method))
    out$berkey[[paste(kind, method)]] <- c(answer(res, VB), list(outer = b$trial, inner = b$outcome))
  }
}
for (rho in c(0, 0.3, 0.6, 0.9)) for (dfs in c("residual", "contain")) {
  VA <- vcalc(vi, cluster = study, obs = esid, data = a, rho = rho)
  res <- best(rma.mv(yi, VA, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, test = "t", dfs = dfs))
  out$assink[[paste(rho, dfs)]] <- c(answer(res, VA), list(outer = a$study, inner = a$esid))
}
out
