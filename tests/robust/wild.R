# A cluster wild bootstrap by the long way: every vector of signs, metafor's fit, clubSandwich's robust Wald statistic.
suppressMessages(library(clubSandwich))
long_way <- function(columns, kind, residuals) {
  wald <- function(y) {
    full <- rma.mv(y, V, mods = X, intercept = FALSE)
    Wald_test(full, constrain_zero(columns), vcovCR(full, cluster = cluster, type = kind), test = "Naive-F")$Fstat
  }
  null <- rma.mv(yi, V, mods = X[, -columns, drop = FALSE], intercept = FALSE)
  left <- as.vector(yi - fitted(null))
  if (residuals == "CR2") {
    robust <- vcovCR(null, cluster = cluster, type = "CR2")
    turn <- setNames(attr(robust, "adjustments"), levels(attr(robust, "cluster")))
    for (name in names(turn)) left[cluster == name] <- as.vector(turn[[name]] %*% left[cluster == name])
  }
  names <- unique(cluster)
  signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(names))))
  observed <- wald(yi)
  drawn <- apply(signs, 1, function(sign) wald(as.vector(fitted(null)) + left * sign[match(cluster, names)]))
  list(stat = observed, reached = sum(drawn >= observed * (1 - 1e-7)), number = nrow(signs), drawn = I(sort(drawn)))
}
list(one = long_way(2, "CR2", "CR0"), joint = long_way(2:3, "CR1", "CR0"), adjusted = long_way(3, "CR2", "CR2"))
