tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
k <- dat.konstantopoulos2011
a <- dat.assink2016
V <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
listed <- function(res) lapply(unname(ranef(res)), function(x)
  list(names = I(rownames(x)), u = I(x$intrcpt), se = I(x$se), lb = I(x$pi.lb), ub = I(x$pi.ub)))
data_of <- function(res, outer, inner) list(yi = c(res$yi), V = as.matrix(res$V), X = res$X, outer = outer, inner = inner)
rk <- rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = tight)
out <- list(konstantopoulos = c(list(ranef = listed(rk)), data_of(rk, k$district, k$school)))
for (dfs in c("residual", "contain")) {
  ra <- rma.mv(yi, V, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, test = "t", dfs = dfs, control = tight)
  out[[paste("assink", dfs)]] <- c(list(ranef = listed(ra)), data_of(ra, a$study, a$esid))
}
for (kind in c("UN", "CS")) {
  rb <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = kind, data = b, control = tight)
  out[[kind]] <- c(list(ranef = listed(rb)), data_of(rb, b$trial, b$outcome))
}
out
