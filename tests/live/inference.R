# Tests around a model, as metafor answers them: exact permutation, joint tests, likelihood ratio, collinearity, n-weighted means.
tight <- list(threshold = 1e-13, maxiter = 10000)
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
few <- bcg[c(1, 4, 6, 8, 11, 13), ]

permuted <- function(res) {
  got <- permutest(res, exact = TRUE, progbar = FALSE)
  list(pval = I(got$pval), qm_pval = got$QMp)
}
permutation <- list()
for (test in c("z", "knha")) {
  permutation[[test]] <- list(
    mean = permuted(rma(yi, vi, data = few, method = "DL", test = test)),
    slope = permuted(rma(yi, vi, mods = ~ ablat, data = few, method = "DL", test = test)))
}

joint <- list()
for (test in c("z", "knha")) {
  res <- rma(yi, vi, mods = ~ alloc + ablat, data = bcg, test = test, control = tight)
  got <- anova(res, btt = 2:3)
  joint[[test]] <- list(stat = got$QM, pval = got$QMp)
}
full <- rma(yi, vi, mods = ~ alloc + ablat, data = bcg, method = "ML", control = tight)
ratio <- anova(full, rma(yi, vi, mods = ~ ablat, data = bcg, method = "ML", control = tight))

# Hunter & Schmidt's mean and its standard error, from their definitions, on the interviews of McDaniel et al. (1994).
interviews <- dat.mcdaniel1994
mean_r <- with(interviews, weighted.mean(ri, ni))
variance <- with(interviews, weighted.mean((ri - mean_r)^2, ni))
weighted <- rma(ri, 1, weights = ni, data = interviews, method = "EE")

list(few = list(yi = I(as.numeric(few$yi)), vi = I(few$vi), ablat = I(few$ablat)),
     bcg = list(yi = I(as.numeric(bcg$yi)), vi = I(bcg$vi), X = model.matrix(full)),
     permutation = permutation, joint = joint, ratio = list(stat = ratio$LRT, pval = ratio$pval),
     vif = list(alloc = vif(full, btt = "alloc")$vif[[1]][c("vif", "sif")], ablat = vif(full)$vif$ablat[c("vif", "sif")]),
     interviews = list(ri = I(interviews$ri), ni = I(interviews$ni), beta = as.numeric(weighted$beta),
                       se = sqrt(variance / nrow(interviews))))
