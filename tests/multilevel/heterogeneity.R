# I2 as metafor's site computes it (page on I2 for multilevel and multivariate models).
tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
typical <- function(res) {
  W <- solve(as.matrix(res$V))
  X <- model.matrix(res)
  W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
}
shares <- function(res) {
  vt <- (res$k - res$p) / sum(diag(typical(res)))
  list(vt = vt, total = 100 * sum(res$sigma2) / (sum(res$sigma2) + vt), levels = 100 * res$sigma2 / (sum(res$sigma2) + vt))
}
data_of <- function(res, outer, inner) list(yi = c(res$yi), V = as.matrix(res$V), X = res$X, outer = outer, inner = inner)
k <- dat.konstantopoulos2011
a <- dat.assink2016
V <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
rk <- rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = tight)
ra <- rma.mv(yi, vi, random = ~ 1 | study/esid, data = a, control = tight)
rc <- rma.mv(yi, V, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, control = tight)
rb <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = b, control = tight)
rf <- rma.mv(yi, VB, mods = ~ outcome - 1, data = b)
rs <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "CS", data = b, control = tight)
P <- diag(typical(rb))
of <- function(name, tau2) 100 * tau2 / (tau2 + (sum(b$outcome == name) - 1) / sum(P[b$outcome == name]))
list(konstantopoulos = c(shares(rk), data_of(rk, k$district, k$school)),
     assink = c(shares(ra), data_of(ra, a$study, a$esid)),
     correlated = c(shares(rc), data_of(rc, a$study, a$esid)),
     berkey = c(list(dimensions = c(of("AL", rb$tau2[1]), of("PD", rb$tau2[2])),
                     jackson = 100 * (diag(vcov(rb)) - diag(vcov(rf))) / diag(vcov(rb)),
                     joint = 100 * (1 - sqrt(det(vcov(rf)) / det(vcov(rb)))),
                     shared = 100 * rs$tau2 / (rs$tau2 + (rs$k - rs$p) / sum(diag(typical(rs))))),
                data_of(rb, b$trial, b$outcome)))
