# metafor's side: one call of rma per specification, in a loop. Argument: the table. Prints seconds and the median mean.
suppressMessages(library(metafor))
d <- read.csv(commandArgs(TRUE)[1])
grid <- expand.grid(test = c("z", "t", "knha"), method = c("REML", "DL", "PM", "ML", "HE", "EB"), set = unique(d$set),
                    stringsAsFactors = FALSE)
control <- list(maxiter = 1000)
taken <- system.time(found <- vapply(seq_len(nrow(grid)), function(i) {
  one <- d[d$set == grid$set[i], ]
  coef(rma(yi, vi, data = one, method = grid$method[i], test = grid$test[i], control = control))[[1]]
}, numeric(1)))[["elapsed"]]
cat(taken, format(median(found), digits = 15), "\n")
