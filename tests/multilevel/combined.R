# Crossed levels, and levels together with a structure.
tight <- list(optimizer = "BFGS", reltol = 1e-14, maxit = 5000)
set.seed(3)
d <- data.frame(lab = rep(1:8, each = 9), method = rep(1:6, 12))
d$vi <- runif(72, 0.02, 0.1)
d$x <- rnorm(72)
d$yi <- rnorm(8, sd = 0.4)[d$lab] + rnorm(6, sd = 0.3)[d$method] + rnorm(72, sd = sqrt(d$vi)) + 0.2 * d$x
s <- data.frame(group = rep(1:12, each = 6), study = rep(1:36, each = 2), outcome = rep(c("a", "b"), 36))
s$vi <- runif(72, 0.02, 0.1)
s$yi <- rnorm(12, sd = 0.5)[s$group] + c(t(matrix(rnorm(72), 36) %*% chol(matrix(c(0.2, 0.1, 0.1, 0.3), 2)))) +
  rnorm(72, sd = sqrt(s$vi))
answer <- function(res, first, second, third) list(beta = I(c(res$beta)), se = I(res$se), sigma2 = I(res$sigma2),
  tau2 = I(if (res$withG) res$tau2 else list()), rho = I(if (res$withG) res$rho else list()), ll = c(logLik(res)),
  ddf = I(c(res$ddf)), qm = res$QM, yi = c(res$yi), vi = res$vi, X = res$X, first = first, second = second, third = third)
crossed <- rma.mv(yi, vi, mods = ~ x, random = list(~ 1 | lab, ~ 1 | method), data = d, test = "t", dfs = "contain",
                  control = tight)
both <- rma.mv(yi, vi, mods = ~ outcome - 1, random = list(~ 1 | group, ~ outcome | study), struct = "UN", data = s,
               test = "t", dfs = "contain", control = tight)
list(crossed = answer(crossed, d$lab, d$method, d$method), both = answer(both, s$group, s$study, s$outcome))
