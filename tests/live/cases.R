# Real tables of metadat, and simulated ones from Python in `simulated`, as metafor answers them now; `metafor` is the path of
# validation/metafor.R. Weights of GENQ are any positive numbers: here the square roots of the precisions.
source(metafor)

tables <- list(
  bcg         = list(escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
                     "ablat + year", "alloc * I(ablat - 30)", "alloc - 1"),
  bcg_or      = list(escalc(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.colditz1994), "ablat"),
  raudenbush  = list(dat.raudenbush1985, "I(pmin(weeks, 3))", "setting * tester"),
  normand     = list(escalc(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                            data = dat.normand1999)),
  molloy      = list(escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.molloy2014), "controls", "poly(meanage, 2, raw = TRUE)"),
  mcdaniel    = list(escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.mcdaniel1994[1:50, ])),
  bangert     = list(dat.bangertdrowns2004, "meta", "factor(grade) + length"),
  hine        = list(escalc(measure = "RD", n1i = n1i, n2i = n2i, ai = ai, ci = ci, data = dat.hine1989)),
  linde       = list(escalc(measure = "RR", ai = ai, ci = ci, n1i = n1i, n2i = n2i, data = dat.linde2005[-c(5, 6, 26), ]),
                     "factor(group)"),
  cohen       = list(escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.cohen1981), "I(ni - 20)"),
  pagliaro    = list(escalc(measure = "PLO", xi = xi, ni = ni, data = dat.pagliaro1992), "trt"),
  curtis      = list(escalc(measure = "ROM", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                            data = dat.curtis1998[1:40, ]), "time"),
  konstant    = list(dat.konstantopoulos2011[1:40, ], "year"),
  collins     = list(escalc(measure = "OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci, data = dat.collins1985b)),
  lee         = list(escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.lee2004))
)
drawn <- lapply(simulated, function(one) c(list(as.data.frame(one$data)), as.list(one$mods)))

asked <- list("*" = "z", REML = c("z", "t", "knha", "adhoc"), EE = "knha", DL = "knha", PM = "adhoc", GENQ = "knha")

answer <- function(entry) {
  dat <- as.data.frame(entry[[1]])
  dat <- dat[!is.na(dat$yi) & !is.na(dat$vi), ]
  mods <- entry[-1]
  used <- unlist(lapply(mods, function(m) all.vars(as.formula(paste("~", m)))))
  dat <- dat[complete.cases(dat[, used, drop = FALSE]), ]
  dat$ni <- 1 / sqrt(dat$vi)
  list(yi = I(as.numeric(dat$yi)), vi = I(as.numeric(dat$vi)), ni = I(dat$ni),
       models = lapply(c(list(NULL), mods), function(m) record_model(m, dat, all_methods, asked, profile = nrow(dat) <= 15)))
}
lapply(c(tables, drawn), answer)
