# metafor's diagnostics of multilevel models, its optimiser tightened: per effect and per cluster, refitted and not.
by_cluster <- function(table) list(X2 = I(table$cluster$X2), slab = I(as.character(table$cluster$slab)), z = I(table$obs$z))
diagnose <- function(res, cluster) {
  every <- function(reestimate) {
    mine <- rstudent(res, reestimate = reestimate)
    list(rstudent = list(resid = I(mine$resid), se = I(mine$se), z = I(mine$z)),
         rstudent_cluster = by_cluster(rstudent(res, cluster = cluster, reestimate = reestimate)),
         cook = I(unname(cooks.distance(res, reestimate = reestimate))),
         cook_cluster = as.list(cooks.distance(res, cluster = cluster, reestimate = reestimate)),
         dfbetas = unname(as.matrix(dfbetas(res, reestimate = reestimate))),
         dfbetas_cluster = unname(as.matrix(dfbetas(res, cluster = cluster, reestimate = reestimate))))
  }
  inside <- rstandard(res)
  list(yi = I(c(res$yi)), V = as.matrix(res$V), X = unname(res$X), cluster = cluster, hat = I(unname(hatvalues(res))),
       rstandard = list(resid = I(inside$resid), se = I(inside$se), z = I(inside$z)),
       rstandard_cluster = by_cluster(rstandard(res, cluster = cluster)),
       refitted = every(TRUE), held = every(FALSE))
}
# A stricter tolerance of nlminb ends some of the refits of Berkey's trials with a false convergence.
tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
k <- dat.konstantopoulos2011
three <- rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = tight)
a <- subset(dat.assink2016, study <= 9)
VA <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
che <- rma.mv(yi, VA, mods = ~ year, random = ~ 1 | study/esid, data = a, test = "t", control = tight)
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
two <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = b, control = tight)
cs <- rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "CS", data = b, control = tight)
without <- function(res, keep) {
  one <- update(res, subset = keep)
  list(beta = I(c(one$beta)), se = I(one$se), sigma2 = I(one$sigma2), qe = one$QE, ddf = I(if (is.null(one$ddf)) NA else c(one$ddf)),
       lb = I(one$ci.lb), pval = I(one$pval))
}
# Sets that cut across the districts.
across <- k$school %% 4
crossed <- list(cluster = across, X2 = I(rstandard(three, cluster = across)$cluster$X2), cook = I(unname(cooks.distance(three, cluster = across))),
                z = I(rstudent(three, cluster = across)$obs$z), X2_deleted = I(rstudent(three, cluster = across, reestimate = FALSE)$cluster$X2))
moderated <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
pdf(NULL)
uni <- rma(yi, vi, data = moderated, control = list(threshold = 1e-12, maxiter = 1000))
uni_mods <- rma(yi, vi, mods = ~ ablat, data = moderated, control = list(threshold = 1e-12, maxiter = 1000))
plain <- function(x) list(x = I(x$x), y = I(x$y))
list(konstantopoulos = c(diagnose(three, k$district), list(inner = k$school)),
     assink = c(diagnose(che, a$study), list(inner = a$esid)),
     berkey_un = c(diagnose(two, b$trial), list(inner = b$outcome)),
     berkey_cs = c(diagnose(cs, b$trial), list(inner = b$outcome)),
     crossed = crossed,
     left_out = list(district = without(three, k$district != 71), study = without(che, a$study != 3),
                     effect = without(che, seq_len(nrow(a)) != 5)),
     baujat = list(yi = I(c(moderated$yi)), vi = I(moderated$vi), ablat = I(moderated$ablat), mean = plain(baujat(uni)),
                   moderated = plain(baujat(uni_mods))))
