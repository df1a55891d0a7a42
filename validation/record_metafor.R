# Record what metafor answers over a grid of datasets, moderators, tau2 estimators and tests.
#
#   Rscript validation/record_metafor.R            all datasets
#   Rscript validation/record_metafor.R farber     one dataset
#
# Reads validation/datasets/*.csv, writes validation/reference/*.json. Every fit carries the exact call that made it, with
# `dat` the table of the dataset. Numbers keep 17 significant digits, so that a double survives the round trip.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
source(file.path(here, "metafor.R"))

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
plain <- c("z", "t", "knha")
tests <- list("*" = plain, EE = c(plain, "adhoc"), DL = c(plain, "adhoc"), REML = c(plain, "adhoc"))

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

for (name in if (length(commandArgs(TRUE))) commandArgs(TRUE) else names(moderators)) {
  path <- file.path(here, "datasets", paste0(name, ".csv"))
  dat <- read.csv(path, comment.char = "#", stringsAsFactors = TRUE)
  models <- lapply(c(list(NULL), as.list(moderators[[name]])), record_model, dat, all_methods, tests)
  answer <- list(dataset = name, R = R.version.string, metafor = as.character(packageVersion("metafor")),
                 k = nrow(dat), models = models)
  writeLines(json(answer), file.path(here, "reference", paste0(name, ".json")))
  cat(name, "\n")
}
