# clubSandwich's side. Argument: the table. Prints lines of: name, seconds, the number that both programs must agree on.
suppressMessages({library(metafor); library(clubSandwich)})
data <- read.csv(commandArgs(TRUE)[1])
V <- vcalc(vi, cluster = study, obs = effect, rho = .6, data = data)
res <- rma.mv(yi, V + diag(.05, nrow(data)) + .1 * outer(data$study, data$study, "=="), mods = ~ x + z + u, data = data)
time <- function(name, code, number) {
  taken <- system.time(value <- code)[["elapsed"]]
  cat(name, format(taken, digits = 15), format(number(value), digits = 15), "\n")
}
everything <- function() {
  vcov <- vcovCR(res, cluster = data$study, type = "CR2")
  list(coef_test(res, vcov = vcov, test = "Satterthwaite"), Wald_test(res, constrain_zero(2:4), vcov = vcov, test = "HTZ"))
}
time("robust", everything(), function(value) value[[2]]$p_val)
time("vcalc", vcalc(vi, cluster = study, obs = effect, rho = .6, data = data), sum)
