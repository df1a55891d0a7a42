# Record what metafor answers over a grid of datasets, moderators, tau2 estimators and tests.
#
#   Rscript validation/record_metafor.R            all datasets
#   Rscript validation/record_metafor.R farber     one dataset
#
# Reads validation/datasets/*.csv, writes validation/reference/*.json. Every fit carries the exact call that made it, with
# `dat` the table of the dataset. Numbers keep 17 significant digits, so that a double survives the round trip.

suppressMessages(library(metafor))

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))

moderators <- list(
  alfieri   = "rank * age",
  farber    = "year",
  green     = "year",
  ihle      = c("age", "poly(age, 2, raw = TRUE)"),
  lucassen  = c("design", "age", "design * age"),
  munder    = c("researcherallegiance", "researcherallegiance * I(year - 2000)"),
  piet      = c("age", "age + jadad"),
  roorda    = "ses",
  stability = c("interval", "country * social_risk", "I(year - 2000) * social_risk"),
  webb      = "emotion"
)
methods <- c("EE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
with_adhoc <- c("EE", "DL", "REML")

# --- JSON with 17 significant digits (jsonlite stops at 15) --------------------------------------------------------------------
number <- function(x) {
  out <- rep("null", length(x))
  finite <- is.finite(x)
  out[finite] <- sprintf("%.15g", x[finite])
  longer <- finite
  longer[finite] <- as.numeric(out[finite]) != x[finite]
  out[longer] <- sprintf("%.17g", x[longer])
  out
}
text <- function(x) paste0('"', gsub('"', '\\\\"', x), '"')
json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    items <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[\n", paste(items, collapse = ",\n"), "\n]"))
    return(paste0("{", paste0(text(names(x)), ": ", items, collapse = ", "), "}"))
  }
  items <- if (is.character(x)) text(x) else number(x)
  if (length(x) == 1 && !inherits(x, "AsIs")) items else paste0("[", paste(items, collapse = ", "), "]")
}

# --- Calls ---------------------------------------------------------------------------------------------------------------------
# Scoring stops on an absolute change of tau2, which a large tau2 cannot bring below its own rounding error: the first threshold
# that metafor reports as reached, for the model and for the one without moderators that its R2 needs, is the one recorded.
controls <- function(method) {
  if (method %in% c("ML", "REML", "EB")) {
    return(paste0("control = list(threshold = ", c("1e-14", "1e-13", "1e-12", "1e-11", "1e-10"), ", maxiter = 10000)"))
  }
  if (method %in% c("PM", "PMM")) return("control = list(tol = 1e-14, maxiter = 10000)")
  ""
}

call_text <- function(method, test, mods, control) {
  parts <- c("yi", "vi", if (!is.null(mods)) paste("mods = ~", mods), if (method == "GENQ") "weights = ni", "data = dat",
             paste0("method = \"", method, "\""), paste0("test = \"", test, "\""), if (nzchar(control)) control)
  paste0("rma(", paste(parts, collapse = ", "), ")")
}

run <- function(text, dat) suppressWarnings(eval(parse(text = text), list(dat = dat)))

fit <- function(method, test, mods, dat) {
  for (control in controls(method)) {
    text <- call_text(method, test, mods, control)
    res <- try(run(text, dat), silent = TRUE)
    if (!inherits(res, "try-error") && !identical(res$R2, NA)) return(list(call = text, res = res))
  }
  stop("no threshold is reached: ", text)
}

# --- What is kept --------------------------------------------------------------------------------------------------------------
whole_model <- function(res) {
  stats <- res$fit.stats[, if (res$method == "REML") "REML" else "ML"]
  list(beta = I(c(res$beta)), tau2 = res$tau2, se_tau2 = res$se.tau2, i2 = res$I2, h2 = res$H2, vt = res$vt,
       qe = res$QE, qe_pval = res$QEp, r2 = res$R2, fit_stats = I(stats))
}

one_test <- function(call, res) {
  middle <- I(colMeans(res$X))
  at <- if (res$int.only) predict(res) else predict(res, newmods = unclass(middle)[-1])
  c(list(test = res$test, call = call, ddf = res$ddf, se = I(res$se), stat = I(res$zval), pval = I(res$pval),
         ci_lb = I(res$ci.lb), ci_ub = I(res$ci.ub), qm = res$QM, qm_pval = res$QMp,
         pred = I(c(at$pred, at$se, at$ci.lb, at$ci.ub))),
    if (!is.null(at$pi.lb)) list(pi = I(c(at$pi.lb, at$pi.ub))))
}

record_method <- function(method, mods, dat) {
  tests <- c("z", "t", "knha", if (method %in% with_adhoc) "adhoc")
  fits <- lapply(tests, function(test) fit(method, test, mods, dat))
  c(list(method = method), whole_model(fits[[1]]$res),
    list(tests = lapply(fits, function(one) one_test(one$call, one$res))))
}

record_interval <- function(method, type, mods, dat) {
  one <- fit(method, "z", mods, dat)
  text <- paste0("confint(", one$call, ", type = \"", type, "\", control = list(tol = 1e-13, maxiter = 10000))")
  limits <- run(text, dat)$random
  list(call = text, type = type, method = method, tau2 = I(limits[1, 2:3]), i2 = I(limits[3, 2:3]), h2 = I(limits[4, 2:3]))
}

# Higgins, Thompson & Spiegelhalter's t interval: k - p - 1 degrees of freedom, metafor's pi.type "riley".
record_higgins <- function(mods, dat) {
  one <- fit("REML", "z", mods, dat)
  at <- if (is.null(mods)) "" else ", newmods = colMeans(model.matrix(res))[-1]"
  text <- paste0("predict(res, pi.type = \"riley\"", at, ")")
  res <- one$res
  got <- eval(parse(text = text))
  list(call = paste0("res <- ", one$call, "; ", text), pi = I(c(got$pi.lb, got$pi.ub)))
}

record_model <- function(mods, dat) {
  X <- fit("EE", "z", mods, dat)$res$X
  list(mods = mods, names = I(colnames(X)), X = I_rows(X),
       methods = lapply(methods, record_method, mods, dat),
       intervals = list(record_interval("REML", "QP", mods, dat), record_interval("ML", "PL", mods, dat),
                        record_interval("REML", "PL", mods, dat)),
       higgins = record_higgins(mods, dat))
}
I_rows <- function(X) unname(lapply(seq_len(ncol(X)), function(j) I(X[, j])))

for (name in if (length(commandArgs(TRUE))) commandArgs(TRUE) else names(moderators)) {
  path <- file.path(here, "datasets", paste0(name, ".csv"))
  dat <- read.csv(path, comment.char = "#", stringsAsFactors = TRUE)
  models <- lapply(c(list(NULL), as.list(moderators[[name]])), record_model, dat)
  answer <- list(dataset = name, R = R.version.string, metafor = as.character(packageVersion("metafor")),
                 k = nrow(dat), models = models)
  writeLines(json(answer), file.path(here, "reference", paste0(name, ".json")))
  cat(name, "\n")
}
