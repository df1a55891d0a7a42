# What metafor is asked about one model, and which of its answers are kept. Sourced by record_metafor.R, which writes the recorded
# grid, and by the live comparison in tests/live. Every answer carries the exact call that gave it, with `dat` the table of the
# dataset; its columns yi, vi and ni (the weights of GENQ) must be there.

suppressMessages(library(metafor))

all_methods <- c("EE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")

# --- Calls ---------------------------------------------------------------------------------------------------------------------
# Scoring stops on an absolute change of tau2, which a large tau2 cannot bring below its own rounding error. The thresholds tried
# start near that error; the first that metafor reports as reached, for the model and for the one without moderators that its R2
# needs, is the one recorded.
thresholds <- c(1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-8)
controls <- function(method, yi) {
  if (method %in% c("ML", "REML", "EB")) {
    reachable <- thresholds[thresholds > 20 * .Machine$double.eps * (if (length(yi) > 1) var(yi) else 0)]
    return(paste0("control = list(threshold = ", c(reachable, "1e-10, stepadj = 0.5"), ", maxiter = 10000)"))
  }
  if (method %in% c("PM", "PMM")) {
    return(paste0("control = list(tol = 1e-14, maxiter = 10000", c("", ", tau2.max = 1e6"), ")"))
  }
  ""
}

call_text <- function(method, test, mods, control) {
  parts <- c("yi", "vi", if (!is.null(mods)) paste("mods = ~", mods), if (method == "GENQ") "weights = ni", "data = dat",
             paste0("method = \"", method, "\""), paste0("test = \"", test, "\""), if (nzchar(control)) control)
  paste0("rma(", paste(parts, collapse = ", "), ")")
}

run <- function(text, dat) suppressWarnings(eval(parse(text = text), list(dat = dat)))

fit <- function(method, test, mods, dat) {
  for (control in controls(method, dat$yi)) {
    text <- call_text(method, test, mods, control)
    res <- try(run(text, dat), silent = TRUE)
    if (!inherits(res, "try-error") && !isTRUE(is.na(res$R2))) return(list(call = text, res = res))
  }
  stop("no threshold is reached: ", text)
}

# --- What is kept --------------------------------------------------------------------------------------------------------------
whole_model <- function(res) {
  stats <- unname(res$fit.stats[, if (res$method == "REML") "REML" else "ML"])
  list(beta = I(c(res$beta)), tau2 = res$tau2, se_tau2 = res$se.tau2, i2 = res$I2, h2 = res$H2, vt = res$vt,
       qe = res$QE, qe_pval = res$QEp, r2 = res$R2, fit_stats = I(stats))
}

one_test <- function(call, res) {
  middle <- colMeans(res$X)
  at <- if (res$int.only) predict(res) else predict(res, newmods = if (res$int.incl) middle[-1] else middle)
  c(list(test = res$test, call = call, ddf = res$ddf, se = I(res$se), stat = I(res$zval), pval = I(res$pval),
         ci_lb = I(res$ci.lb), ci_ub = I(res$ci.ub), qm = res$QM, qm_pval = res$QMp,
         pred = I(c(at$pred, at$se, at$ci.lb, at$ci.ub))),
    if (!is.null(at$pi.lb)) list(pi = I(c(at$pi.lb, at$pi.ub))))
}

record_method <- function(method, mods, dat, tests) {
  fits <- lapply(tests, function(test) fit(method, test, mods, dat))
  c(list(method = method), whole_model(fits[[1]]$res),
    list(tests = lapply(fits, function(one) one_test(one$call, one$res))))
}

# metafor looks no further than tau2 = 100 unless told to.
record_interval <- function(method, type, mods, dat) {
  one <- fit(method, "z", mods, dat)
  text <- paste0("confint(", one$call, ", type = \"", type, "\", control = list(tol = 1e-13, maxiter = 10000, tau2.max = 1e6))")
  limits <- run(text, dat)$random
  list(call = text, type = type, method = method, tau2 = I(limits[1, 2:3]), i2 = I(limits[3, 2:3]), h2 = I(limits[4, 2:3]))
}

# Higgins, Thompson & Spiegelhalter's t interval: k - p - 1 degrees of freedom, metafor's pi.type "riley".
record_higgins <- function(mods, dat) {
  one <- fit("REML", "z", mods, dat)
  at <- if (is.null(mods)) "" else paste0(", newmods = colMeans(model.matrix(res))", if (one$res$int.incl) "[-1]")
  text <- paste0("predict(res, pi.type = \"riley\"", at, ")")
  res <- one$res
  got <- eval(parse(text = text))
  list(call = paste0("res <- ", one$call, "; ", text), pi = I(c(got$pi.lb, got$pi.ub)))
}

# `tests` names the tests asked for each method; "*" stands for every other method. Profile likelihoods refit at every step.
record_model <- function(mods, dat, methods, tests, profile = TRUE) {
  X <- fit("EE", "z", mods, dat)$res$X
  asked <- function(method) if (is.null(tests[[method]])) tests[["*"]] else tests[[method]]
  answer <- list(mods = mods, names = I(colnames(X)), X = unname(lapply(seq_len(ncol(X)), function(j) I(unname(X[, j])))),
                 methods = lapply(methods, function(method) record_method(method, mods, dat, asked(method))))
  if (nrow(X) == 1) return(answer)
  kinds <- c(list(c("REML", "QP")), if (profile) list(c("ML", "PL"), c("REML", "PL")))
  c(answer, list(intervals = lapply(kinds, function(kind) record_interval(kind[1], kind[2], mods, dat)),
                 higgins = record_higgins(mods, dat)))
}
