# The tables that published analyses rest on, from metadat, with effects by escalc.
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
odds <- escalc(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.colditz1994)
smooth <- with(dat.bcg, sum(tneg / tpos) / (13 * (tneg + tpos)) + sum(cneg / cpos) / (13 * (cneg + cpos)))
hine <- escalc(measure = "RD", n1i = n1i, n2i = n2i, ai = ai, ci = ci, data = dat.hine1989)
stay <- transform(dat.normand1999, sdpi = sqrt(((n1i - 1) * sd1i^2 + (n2i - 1) * sd2i^2) / (n1i + n2i - 2)))
stay <- escalc(measure = "MD", m1i = m1i, sd1i = sdpi, n1i = n1i, m2i = m2i, sd2i = sdpi, n2i = n2i, data = stay)
diuretics <- escalc(measure = "OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci, data = dat.collins1985b)
wort <- escalc(measure = "RR", ai = ai, ci = ci, n1i = n1i, n2i = n2i, data = dat.linde2005)[c(7:10, 13:25), ]
nausea <- escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.lee2004)
adherence <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.molloy2014)
clasp <- escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i,
                data = data.frame(ai = c(5, 5, 12, 69, 9, 313), n1i = c(156, 303, 565, 1570, 103, 4659),
                                  ci = c(8, 17, 9, 94, 11, 352), n2i = c(74, 303, 477, 1565, 105, 4650)))
pick <- function(dat, ...) c(list(yi = I(as.numeric(dat$yi)), vi = I(as.numeric(dat$vi))), as.list(as.data.frame(dat)[as.character(c(...))]))
list(
  bcg = c(pick(bcg, "ablat", "year", "alloc"), list(smooth = smooth)),
  colditz = pick(odds, "ablat"),
  raudenbush = pick(dat.raudenbush1985, "weeks"),
  hine = pick(hine), stay = pick(stay), diuretics = pick(diuretics),
  wort = pick(wort, "dosage", "duration", "baseline"),
  nausea = pick(nausea), adherence = pick(adherence, "ri", "ni"), clasp = pick(clasp),
  schools = pick(dat.konstantopoulos2011, "year")
)
