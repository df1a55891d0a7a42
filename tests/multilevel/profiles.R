# metafor's default tolerance of the root is 1e-4, and its search for an upper limit stops at 10 or 100 times the estimate.
# Its optimisers refuse different tolerances on different data: the first one that settles everywhere is taken.
controls <- list(list(optimizer = "nlminb", rel.tol = 1e-12), list(optimizer = "nlminb", rel.tol = 1e-10),
                 list(optimizer = "BFGS", reltol = 1e-14, maxit = 5000), list(optimizer = "nlminb"))
settled <- function(code) {
  code <- substitute(code)
  for (control in controls) {
    found <- tryCatch(eval(code, list(control = control), globalenv()), error = function(e) NULL, warning = function(w) NULL)
    if (!is.null(found)) return(found)
  }
}
limits <- function(res, max = 50) {
  one <- function(type, index) {
    control <- list(tol = 1e-12)
    if (type != "rho") control$vc.max <- max
    arguments <- list(res, control = control)
    arguments[[type]] <- index
    found <- do.call(confint, arguments)
    list(type = type, index = index, limits = unname(found$random[1, ]))
  }
  count <- c(sigma2 = if (res$withS) res$sigma2s else 0, tau2 = if (res$withG) res$tau2s else 0,
             rho = if (res$withG && res$struct[1] != "DIAG") res$rhos else 0)
  found <- list()
  for (type in names(count)) for (index in seq_len(count[[type]])) found <- c(found, list(one(type, index)))
  list(found = found, control = paste(unlist(res$control), collapse = " "), yi = I(c(res$yi)), V = as.matrix(res$V), X = res$X, level = res$level)
}
k <- dat.konstantopoulos2011
b <- dat.berkey1998
VB <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = b)
a <- dat.assink2016
VA <- vcalc(vi, cluster = study, obs = esid, data = a, rho = 0.6)
out <- list()
for (method in c("REML", "ML")) {
  found <- settled(limits(rma.mv(yi, vi, random = ~ 1 | district/school, data = k, method = method, control = control)))
  out[[paste("konstantopoulos", method)]] <- c(found, list(outer = k$district, inner = k$school))
  for (kind in if (method == "ML") "UN" else c("UN", "CS", "HCS", "DIAG")) {
    found <- settled(limits(rma.mv(yi, VB, mods = ~ outcome - 1, random = ~ outcome | trial, struct = kind, data = b,
                                   method = method, control = control)))
    out[[paste("berkey", kind, method)]] <- c(found, list(outer = b$trial, inner = b$outcome))
  }
}
found <- settled(limits(rma.mv(yi, VA, mods = ~ deltype + year, random = ~ 1 | study/esid, data = a, control = control)))
out[["assink"]] <- c(found, list(outer = a$study, inner = a$esid))
set.seed(20)
s <- data.frame(study = rep(1:25, each = 3), outcome = rep(c("a", "b", "c"), 25))
s$vi <- runif(75, 0.02, 0.1)
G <- c(0.3, 0.2, 0.25) %o% c(0.3, 0.2, 0.25) * matrix(c(1, 0.5, -0.3, 0.5, 1, 0.2, -0.3, 0.2, 1), 3)
s$yi <- c(t(matrix(rnorm(75), 25) %*% chol(G))) + rnorm(75, sd = sqrt(s$vi))
found <- settled(limits(rma.mv(yi, vi, mods = ~ outcome - 1, random = ~ outcome | study, struct = "UN", data = s,
                               control = control)))
out[["three UN REML"]] <- c(found, list(outer = s$study, inner = s$outcome))
grid <- profile(rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = controls[[3]]), sigma2 = 1,
                xlim = c(0.01, 0.3), steps = 5, plot = FALSE, progbar = FALSE)
out$curve <- list(values = grid$sigma2, ll = grid$ll)
out
