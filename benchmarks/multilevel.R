# metafor's and clubSandwich's side. Arguments: a table, another, TRUE to time the dense algebra too, TRUE for the large
# table. Prints lines of: name, seconds, the number that both programs must agree on.
suppressMessages({library(metafor); library(clubSandwich)})
given <- commandArgs(TRUE)
time <- function(name, code, number) {
  taken <- system.time(value <- code)[["elapsed"]]
  cat(name, format(taken, digits = 15), format(number(value), digits = 15), "\n")
}
three <- function(data, sparse) rma.mv(yi, vi, random = ~ 1 | study/effect, data = data, sparse = sparse)
mean_of <- function(res) c(res$beta)
data <- read.csv(given[1])
time("three", three(data, TRUE), mean_of)
if (given[3] == "TRUE") time("dense", three(data, FALSE), mean_of)
if (given[4] == "TRUE") time("large", three(read.csv(given[2]), TRUE), mean_of)
everything <- function() {
  V <- vcalc(vi, cluster = study, obs = effect, rho = .6, data = data, sparse = TRUE)
  res <- rma.mv(yi, V, mods = ~ x + z + u, random = ~ 1 | study/effect, data = data, sparse = TRUE)
  vcov <- vcovCR(res, cluster = data$study, type = "CR2")
  list(coef_test(res, vcov = vcov, test = "Satterthwaite"), Wald_test(res, constrain_zero(2:4), vcov = vcov, test = "HTZ"))
}
time("che", everything(), function(value) value[[2]]$Fstat)
