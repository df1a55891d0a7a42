# Every case twice: from metafor's own start, and from the optimum found here, which it may improve on.
tight <- list(reltol = 1e-16, maxit = 10000, hessianCtrl = list(r = 8))
one <- function(case) {
  given <- if (is.null(case$delta)) NULL else as.numeric(case$delta)
  y <- as.numeric(case$yi); v <- as.numeric(case$vi)
  x <- if (is.null(case$X)) rma(y, v, method = case$method) else rma(y, v, mods = matrix(as.numeric(case$X), length(y)), method = case$method)
  args <- list(x, type = case$kind, alternative = case$alternative)
  if (case$kind == "stepfun") args$steps <- case$steps
  if (!is.null(given)) args$delta <- given
  control <- tight
  if (case$kind == "beta") control$intCtrl <- list(lower = -10, upper = 10, rel.tol = 1e-9, subdivisions = 1000)
  cold <- tryCatch(do.call(selmodel, c(args, list(control = control, skiphes = TRUE, skiphet = TRUE)))$ll, error = function(e) NA)
  control$beta.init <- case$beta; control$tau2.init <- max(case$tau2, 1e-13); control$delta.init <- case$start
  f <- do.call(selmodel, c(args, list(control = control)))
  list(cold = cold, ll = f$ll, beta = c(f$beta), se = f$se, tau2 = f$tau2, se_tau2 = f$se.tau2, delta = f$delta,
       se_delta = f$se.delta, LRT = f$LRT, LRTp = f$LRTp, LRT_tau2 = f$LRT.tau2, fit = f$fit.stats$ML, QM = f$QM, QMp = f$QMp,
       k = if (is.data.frame(f$ptable)) f$ptable$k else NA)
}
# Read again with cases kept apart; a weight to be estimated arrives as null.
cases <- jsonlite::fromJSON("data.json", simplifyDataFrame = FALSE)$cases
values <- function(v) if (is.list(v)) sapply(v, function(u) if (is.null(u)) NA else u) else v
lapply(cases, function(case) one(lapply(case, values)))
