tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
a <- dat.assink2016
V <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
k <- dat.konstantopoulos2011
out <- list()
L <- rbind(c(1, 0, 0, 10), c(0, 1, -1, 0), c(0, 0, 0, 1))
for (test in c("z", "t")) for (dfs in c("residual", "contain")) {
  res <- rma.mv(yi, V, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, test = test, dfs = dfs, control = tight)
  rows <- anova(res, X = L)
  pred <- predict(res, newmods = rbind(c(0, 0, 10), c(1, 0, -3), c(0, 1, 2)))
  single <- anova(res, X = rbind(c(0, 1, 0, 0), c(0, 0, 1, 0)))
  none <- function(x) if (is.null(x) || all(is.na(x))) 1e300 else x
  out[[paste(test, dfs)]] <- list(
    estimate = c(rows$Xb), se = c(rows$se), pval = c(rows$pval), zval = c(rows$zval), ddf = I(none(rows$ddf)),
    type = c(single$QM, single$QMp), typedf = I(none(single$QMdf[2])),
    pred = pred$pred, pse = pred$se, ci_lb = pred$ci.lb, ci_ub = pred$ci.ub, pi_lb = pred$pi.lb, pi_ub = pred$pi.ub,
    L = L, yi = c(a$yi), V = V, X = res$X, outer = a$study, inner = a$esid)
}
compare <- function(full, reduced) { x <- anova(full, reduced); c(x$LRT, x$pval, x$parms.f - x$parms.r) }
f1 <- rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = tight)
r1 <- rma.mv(yi, vi, random = ~ 1 | school, data = within(k, school <- seq_len(nrow(k))), control = tight)
f2 <- rma.mv(yi, V, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, method = "ML", control = tight)
r2 <- rma.mv(yi, V, random = ~ 1 | study/esid, data = a, method = "ML", control = tight)
f3 <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = b, control = tight)
r3 <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "CS", data = b, control = tight)
out$lrt <- list(levels = compare(f1, r1), moderators = compare(f2, r2), structure = compare(f3, r3))
out$k <- list(yi = c(k$yi), V = diag(k$vi), X = f1$X, outer = k$district, inner = k$school)
out$b <- list(yi = c(b$yi), V = VB, X = f3$X, outer = b$trial, inner = b$outcome)
pb <- predict(f3, newmods = diag(2), tau2.levels = 1:2)
pc <- predict(r3, newmods = diag(2))
out$b$UN <- c(pb$pi.lb, pb$pi.ub)
out$b$CS <- c(pc$pi.lb, pc$pi.ub)
p1 <- predict(f1)
out$k$pi <- c(p1$pred, p1$se, p1$ci.lb, p1$ci.ub, p1$pi.lb, p1$pi.ub)
out
