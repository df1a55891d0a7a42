# metafor's side. Arguments: the two tables. Prints lines of: name, seconds, the number that both programs must agree on.
suppressMessages(library(metafor))
few <- read.csv(commandArgs(TRUE)[1]); many <- read.csv(commandArgs(TRUE)[2])
small <- rma(yi, vi, data = few); large <- rma(yi, vi, data = many)
time <- function(name, code, number) {
  taken <- system.time(value <- suppressMessages(code))[["elapsed"]]
  cat(name, format(taken, digits = 15), format(number(value), digits = 15), "\n")
}
time("gosh", gosh(small, progbar = FALSE), function(value) median(value$res$estimate, na.rm = TRUE))
time("leave1out", leave1out(large), function(value) mean(value$estimate))
time("influence", influence(large), function(value) sum(value$inf$cook.d))
time("trimfill", trimfill(large), function(value) coef(value)[[1]])
ml <- rma(yi, vi, data = many[1:40, ], method = "ML")
time("selection", suppressWarnings(selmodel(ml, type = "stepfun", steps = 0.025, alternative = "greater")), function(value) coef(value)$beta[[1]])
