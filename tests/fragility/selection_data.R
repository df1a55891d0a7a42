bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
list(
  hackshaw = list(yi = c(dat.hackshaw1998$yi), vi = dat.hackshaw1998$vi),
  lehmann = list(yi = c(dat.lehmann2018$yi), vi = dat.lehmann2018$vi, preregistered = as.integer(factor(dat.lehmann2018$Preregistered)) - 1),
  bcg = list(yi = c(bcg$yi), vi = bcg$vi, ablat = bcg$ablat),
  bangertdrowns = list(yi = c(dat.bangertdrowns2004$yi), vi = dat.bangertdrowns2004$vi)
)
