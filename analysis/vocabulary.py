"""Allowed words and named thresholds, each with its source. Nothing here is repeated as a literal elsewhere."""

from typing import Final

# --- Effect-size measures: metafor's codes (Viechtbauer 2010, escalc) -> the sets of columns each can be computed from
# A row uses the first set it fills. `gi` is an already bias-corrected g, `di` an uncorrected d (in a two-by-two table:
# a count), `pi` a two-sided p value that carries the sign of the effect; a lone `ni` beside `gi` or `di` means equal
# arms.
TWO_GROUPS: Final = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
TWO_BY_TWO: Final = (("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i"))
CORRELATION: Final = (("ri", "ni"), ("ti", "ni"), ("pi", "ni"))
MEASURE_INPUTS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "COR": CORRELATION,
    "UCOR": CORRELATION,
    "ZCOR": CORRELATION,
    "MD": (TWO_GROUPS,),
    "SMD": (
        TWO_GROUPS,
        ("gi", "n1i", "n2i"),
        ("gi", "ni"),
        ("di", "n1i", "n2i"),
        ("di", "ni"),
        ("ti", "n1i", "n2i"),
        ("pi", "n1i", "n2i"),
    ),
    "SMDH": (TWO_GROUPS,),
    "ROM": (TWO_GROUPS,),
    "SMCC": (("m1i", "sd1i", "m2i", "sd2i", "ni", "ri"), ("di", "ni"), ("ti", "ni")),
    "SMCR": (("m1i", "sd1i", "m2i", "ni", "ri"), ("di", "ni", "ri")),
    "OR": TWO_BY_TWO,
    "RR": TWO_BY_TWO,
    "RD": TWO_BY_TWO,
    "PLO": (("xi", "ni"), ("xi", "mi")),
    "GEN": (("yi", "vi"), ("yi", "sei"), ("yi", "ci_lb", "ci_ub"), ("yi", "pi")),
}
INPUTS: Final = tuple(sorted({name for sets in MEASURE_INPUTS.values() for names in sets for name in names}))
# How the sampling variance can be estimated, metafor's words: LS large sample, LS2 its second form, UB unbiased, HO
# equal variances in both groups, AV with the mean effect (ROM: the mean coefficient of variation) of all rows plugged
# in.
VTYPES: Final[dict[str, tuple[str, ...]]] = {
    "COR": ("LS", "AV"),
    "UCOR": ("LS", "UB", "AV"),
    "ZCOR": ("LS",),
    "MD": ("LS", "UB", "HO"),
    "SMD": ("LS", "LS2", "UB", "AV"),
    "SMDH": ("LS",),
    "ROM": ("LS", "HO", "AV", "AVHO"),
    "SMCC": ("LS", "LS2"),
    "SMCR": ("LS", "LS2"),
    "OR": ("LS",),
    "RR": ("LS",),
    "RD": ("LS", "UB", "AV"),
    "PLO": ("LS", "AV"),
    "GEN": ("LS",),
}
# When a constant is added to the cells of a table of counts.
ADD_TO: Final = ("only0", "all", "if0all", "none")
MEASURE_NAMES: Final[dict[str, str]] = {
    "COR": "raw correlation",
    "UCOR": "raw correlation corrected for bias",
    "ZCOR": "Fisher's z transformed correlation",
    "MD": "mean difference",
    "SMD": "standardised mean difference (Hedges' g)",
    "SMDH": "standardised mean difference, unequal variances",
    "ROM": "log ratio of means",
    "SMCC": "standardised mean change, change-score standardisation",
    "SMCR": "standardised mean change, raw-score standardisation",
    "OR": "log odds ratio",
    "RR": "log risk ratio",
    "RD": "risk difference",
    "PLO": "logit transformed proportion",
    "GEN": "effect as given",
}
# Measures analysed on one scale and shown on another.
BACK_TRANSFORMS: Final[dict[str, str]] = {"ZCOR": "tanh", "OR": "exp", "RR": "exp", "ROM": "exp", "PLO": "expit"}
# Measures whose means are about one quantity once they are shown; any other is about its own.
SHARED_SCALES: Final[dict[str, str]] = {
    **dict.fromkeys(("COR", "UCOR", "ZCOR"), "correlation"),
    **dict.fromkeys(("SMD", "SMDH"), "standardised mean difference"),
}
# Rules that leave outlying effects out of a multiverse.
OUTLIER_WORDS: Final = ("none", "residuals", "fences")

# --- Models
FIXED_METHODS: Final = ("EE", "FE", "CE")
TAU2_METHODS: Final = ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
METHODS: Final = FIXED_METHODS + TAU2_METHODS
HUNTER_SCHMIDT: Final = "n-weighted"
TESTS: Final = ("z", "t", "knha", "adhoc")
# Of these, the ones whose standard error is scaled by the scatter around the mean (Knapp & Hartung 2003, Stat. Med. 22,
# 2693-2710).
SCALED_TESTS: Final = ("knha", "adhoc")
TAU2_INTERVALS: Final = ("QP", "PL")
# Three things are called "prediction interval"; every one shown is named.
PREDICTION_INTERVALS: Final[dict[str, str]] = {
    "normal": "standard normal",
    "higgins": "t with k - p - 1 df (Higgins, Thompson & Spiegelhalter 2009)",
    "knapp_hartung": "t with k - p df and the Knapp-Hartung standard error",
}
INTERVALS: Final = ("confidence", "credible")
# What a frequentist model makes of several effects of one study, and the word for it on the command line. Three levels:
# effects within studies. Correlated and hierarchical effects (Pustejovsky & Tipton 2022, Prev. Sci. 23, 425-438): that,
# and sampling errors of one study correlated by rho. Aggregated: one composite per study. Multivariate: effects by
# dimension, which covary between studies.
DEPENDENCE: Final[dict[str, str]] = {
    "independent": "independent",
    "multilevel": "three_level",
    "che": "correlated_hierarchical",
    "aggregated": "aggregated",
    "multivariate": "multivariate",
}
MIXED_STRUCTURES: Final = ("three_level", "correlated_hierarchical", "multivariate")
# Structures in which the sampling errors of one study's effects correlate by an assumed rho.
WITH_RHO: Final = ("correlated_hierarchical", "aggregated", "multivariate")
MIXED_METHODS: Final = ("ML", "REML")
MIXED_TESTS: Final = ("z", "t")
# Covariance of dimensions between studies, in metafor's words: unstructured, compound-symmetric, that with a variance
# of its own for each dimension, diagonal.
COVARIANCES: Final = ("UN", "CS", "HCS", "DIAG")
# Denominator degrees of freedom of t tests of coefficients, in metafor's words.
DFS: Final = ("residual", "contain")
# Assumed correlations of sampling errors at which a sweep fits a model again.
SWEPT_RHO: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

# --- Bayesian models
BAYESIAN_ENGINES: Final = ("exact", "pymc")
ENGINES: Final = ("frequentist", *BAYESIAN_ENGINES)
# What makes effects of one study alike: nothing; a study's own deviation; that and correlated sampling errors.
STRUCTURES: Final = ("independent", "three_level", "correlated_hierarchical")
TAILS: Final = ("normal", "student_t")
MISSING_MODERATORS: Final = ("exclude", "model")
SAMPLERS: Final = ("nutpie", "pymc")
POSTERIOR: Final = "posterior"

# --- Path models
# What they are fitted to: correlations that studies report, or pooled ones that publications print.
CORRELATIONS: Final = "correlations"
PUBLISHED: Final = "published"
PATH_KINDS: Final = (CORRELATIONS, PUBLISHED)
# Covariance of true correlations between studies, and what stands for them in their sampling covariance.
PATH_STRUCTURES: Final = ("DIAG", "UN")
PLUG_INS: Final = ("pooled", "own")
# Studies of a pair of variables below which its pooled correlation is marked as resting on few.
MIN_K_PER_PAIR: Final = 10

# --- Published numbers
# What may be said of a published number beside ours, best first.
REPRODUCED: Final = "reproduced"
WITHIN_TOLERANCE: Final = "within tolerance"
DIFFERS: Final = "differs"
DECISION_CHANGES: Final = "decision changes"
NOT_COMPUTABLE: Final = "not computable"
VERDICTS: Final = (REPRODUCED, WITHIN_TOLERANCE, DIFFERS, DECISION_CHANGES, NOT_COMPUTABLE)

# --- The domain
DIMENSIONS: Final = ("security", "anxiety", "avoidance")
TIMINGS: Final = ("pre", "post", "change")
SYNTHETIC_PREFIX: Final = "synthetic_"
# Columns of a table of effects that the toolkit itself understands, besides those of MEASURE_INPUTS.
IDENTITY_COLUMNS: Final = ("effect_id", "study_id", "slab")
EFFECT_COLUMNS: Final = (*IDENTITY_COLUMNS, "year", "direction", "exclude", "sei", "ci_lb", "ci_ub")
# Between the cells of a text file.
DELIMITERS: Final[dict[str, str]] = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
# Names a dataset cannot give to a column of its own: the line of a row, the intercept, and the functions of a formula.
RESERVED_COLUMNS: Final = ("row", "intrcpt", "center", "scale", "poly", "log", "exp", "bs", "cr", "contr")

# --- Thresholds
# Fisher's z has variance 1/(n - 3): the smallest n with a finite one.
MIN_N_FISHER_Z: Final = 4
# metafor gives a raw correlation no variance at n <= 3, and its unbiased estimate exists from n > 4 (Olkin & Pratt
# 1958).
MIN_N_CORRELATION: Final = 4
MIN_N_UNBIASED_CORRELATION: Final = 5
# An Egger-type test has too little power below ten studies (Sterne et al. 2011, BMJ 343, d4002, recommendation 2).
MIN_K_FUNNEL_ASYMMETRY: Final = 10
# One moderator asks for about ten studies (Deeks, Higgins & Altman 2023, Cochrane Handbook 10.11.5.1).
MIN_K_PER_MODERATOR: Final = 10
# A cell of an interaction with fewer studies than this is flagged before any p value is shown (Fu et al. 2011, J.
# Clin. Epidemiol. 64(11), 1187-1197: at least four studies per subgroup of a categorical moderator).
MIN_K_PER_CELL: Final = 4
# From which Bayes factor on evidence is called what (Lee & Wagenmakers 2013, Bayesian Cognitive Modeling, table 7.1,
# after Jeffreys 1961, appendix B); its inverse speaks as strongly for the other side.
EVIDENCE: Final[dict[str, float]] = {"extreme": 100, "very strong": 30, "strong": 10, "moderate": 3, "anecdotal": 1}
# A ratio of largest to smallest sampling variance beyond which metafor warns of unstable results (rma.uni, 1/evtol).
MAX_VARIANCE_RATIO: Final = 1e7
# Draws are used only when split chains agree and effective draws suffice (Vehtari, Gelman, Simpson, Carpenter &
# Buerkner 2021, Bayesian Anal. 16(2), 667-718, section 4.3: rhat < 1.01; 100 effective draws for each of four chains).
MAX_RHAT: Final = 1.01
MIN_ESS: Final = 400
# From which share of the whole posterior in the region of practical equivalence on an effect is called negligible, and
# up to which it is not (Makowski, Ben-Shachar & Luedecke 2019, J. Open Source Softw. 4(40), 1541, guidelines).
NEGLIGIBLE_FROM: Final = 0.975
RELEVANT_UP_TO: Final = 0.025
# A study whose effect has less than this two-sided predictive probability, given all the others, is called a surprise:
# one study in a hundred is, when the model is right.
MIN_TAIL_EXPECTED: Final = 0.01
# Below this many Satterthwaite degrees of freedom the t approximation of a cluster-robust test understates its error
# rate (Tipton 2015, Psychol. Methods 20(3), 375-393; Tipton & Pustejovsky 2015, J. Educ. Behav. Stat. 40(6), 604-634).
MIN_DDF_ROBUST: Final = 4
# Kinds of cluster-robust variance in clubSandwich's words (Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36, 672-683).
ROBUST_KINDS: Final = ("CR0", "CR1", "CR1p", "CR1S", "CR2")
# Auxiliary variables of a cluster wild bootstrap: Rademacher and Mammen (Davidson & Flachaire 2008, J. Econom. 146(1),
# 162-169), Webb's six points (Webb 2023, Can. J. Econ. 56(3), 839-858).
WILD_WEIGHTS: Final = ("rademacher", "mammen", "webb")
# Up to this many clusters every vector of signs is used; half of the 4,096 differ in the size of a statistic.
MAX_CLUSTERS_ENUMERATED: Final = 12
# A moderator of whose variance less than this share lies within clusters is all but constant in every study: its slope
# compares studies, not patients. One per cent is a convention of this toolkit; the share itself is always shown.
MIN_SHARE_WITHIN: Final = 0.01
# A study is influential when any of these is passed (Viechtbauer & Cheung 2010, Res. Synth. Methods 1(2), 112-125;
# metafor's influence): |DFFITS| > 3 sqrt(p / (k - p)), Cook's distance beyond the median of chi-squared with p df, a
# hat value > 3 p / k, or a |DFBETAS| > 1.
MAX_DFFITS: Final = 3.0
MAX_COOK_PROBABILITY: Final = 0.5
MAX_HAT: Final = 3.0
MAX_DFBETAS: Final = 1.0
# Tests of a funnel's asymmetry mean little with I2 above 50 per cent, largest and smallest sampling variances within a
# ratio of four, or no significant study, besides fewer than ten studies (Ioannidis & Trikalinos 2007, CMAJ 176(8),
# 1091-1096).
MAX_I2_FUNNEL: Final = 50.0
MIN_VARIANCE_RATIO_FUNNEL: Final = 4.0
# PET and PEESE are unreliable with few studies or I2 above 80 per cent (Stanley 2017, Soc. Psychol. Personal. Sci.
# 8(5), 581-591).
MIN_K_PET_PEESE: Final = 20
MAX_I2_PET_PEESE: Final = 80.0
# PEESE replaces PET where PET finds an effect at this one-sided level, which is .10 two-sided in the sign of the effect
# (the conditional estimator of Stanley & Doucouliagos 2014, Res. Synth. Methods 5(1), 60-78; one-sided .05 as in
# Carter, Schoenbrodt, Gervais & Hilgard 2019, Adv. Methods Pract. Psychol. Sci. 2(2), 115-144).
PET_LEVEL: Final = 0.05
# A study has 80 per cent power at two-sided .05 where its standard error is at most the effect divided by 1.96 + 0.84;
# below two such studies their average gives way to that of all (Stanley, Doucouliagos & Ioannidis 2017, Stat. Med.
# 36(10), 1580-1598).
ADEQUATE_POWER: Final = 2.8
MIN_K_WAAP: Final = 2
# A fail-safe number is called large from 5 k + 10 on (Rosenthal 1979, Psychol. Bull. 86(3), 638-641).
FAIL_SAFE_TOLERANCE: Final = (5, 10)
# Significance of a single study, two-sided, and of a test of too many significant studies (Ioannidis & Trikalinos 2007,
# Clin. Trials 4(3), 245-253).
STUDY_ALPHA: Final = 0.05
EXCESS_ALPHA: Final = 0.10
# Up to this many effects the distribution of Kendall's tau is computed exactly; its normal approximation is
# indistinguishable from there on.
MAX_K_EXACT_TAU: Final = 1000
# Selection models: the weight function, and which effects publication favours (metafor's words, selmodel).
SELECTION_KINDS: Final = ("stepfun", "beta")
SELECTION_ALTERNATIVES: Final = ("greater", "less", "two.sided")
# An interval of p values with fewer effects than this hardly determines its weight (weightr warns at three or fewer,
# Coburn & Vevea 2019; Vevea & Woods 2005, Psychol. Methods 10(4), 428-443, give weights beforehand then).
MIN_K_PER_STEP: Final = 4
# A three-parameter selection model was simulated from ten studies on, and often failed or went astray there (Carter,
# Schoenbrodt, Gervais & Hilgard 2019, Adv. Methods Pract. Psychol. Sci. 2(2), 115-144).
MIN_K_SELECTION: Final = 10
# Methods that use significant effects alone overestimate the mean where I2 is at least this, per cent (van Aert,
# Wicherts & van Assen 2016, Perspect. Psychol. Sci. 11(5), 713-729, recommendation 5).
MAX_I2_P_VALUES: Final = 50.0
# p-curve: level of the tests of its full and half curve where both are looked at, and where one is; power that stands
# for a study too small for its effect (Simonsohn, Simmons & Nelson 2015, J. Exp. Psychol. Gen. 144(6), 1146-1152).
P_CURVE_LEVEL_BOTH: Final = 0.10
P_CURVE_LEVEL: Final = 0.05
P_CURVE_POWER: Final = 1.0 / 3.0
# Predictors of precision in an Egger-type regression, metafor's words; those that vanish for an infinitely precise
# study give a limit estimate. Its two regressions: with between-study variance, or with an estimated residual variance.
PRECISION_PREDICTORS: Final = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
LIMIT_PREDICTORS: Final = ("sei", "vi", "ninv", "sqrtninv")
ASYMMETRY_MODELS: Final = ("rma", "lm")
# Trim and fill: estimators of the number of missing studies (Duval & Tweedie 2000), and the side they are missing on.
TRIM_FILL_ESTIMATORS: Final = ("L0", "R0", "Q0")
SIDES: Final = ("left", "right")
# A partition of a cloud has structure from this mean silhouette width on (Kaufman & Rousseeuw 1990, Finding Groups in
# Data, table 4). A study drives a cluster of subsets when its share of them differs by at least this much from its
# share of the others; one half is a convention of this toolkit, the shares themselves are always shown.
MIN_SILHOUETTE: Final = 0.5
MIN_SHARE_DRIVER: Final = 0.5
MAX_GOSH_CLUSTERS: Final = 4
# What a test is against, in R's words.
ALTERNATIVES: Final = ("two.sided", "greater", "less")
# Tests of excess significance: the exact distribution of the number of significant studies, that of equal
# probabilities, and Pearson's chi-squared.
EXCESS_TESTS: Final = ("exact", "binom", "chi2")
# Fail-safe numbers, and how Rosenthal's combines p values.
FAIL_SAFE_TYPES: Final = ("Rosenthal", "Orwin", "Rosenberg", "REM")
COMBINATIONS: Final = ("Stouffer", "Fisher")
# Estimates of a limit meta-analysis, metasens' words.
LIMIT_ADJUSTMENTS: Final = ("beta0", "betalim", "mulim")
# Tools for the risk of bias whose judgements are fixed, from the lowest risk to the highest (Sterne et al. 2019, BMJ
# 366, l4898; Sterne et al. 2016, BMJ 355, i4919; Whiting et al. 2011, Ann. Intern. Med. 155(8), 529-536).
RISK_TOOLS: Final[dict[str, tuple[str, ...]]] = {
    "RoB 2": ("low", "some concerns", "high", "no information"),
    "ROBINS-I": ("low", "moderate", "serious", "critical", "no information"),
    "QUADAS-2": ("low", "high", "unclear"),
}
# Judgements that say nothing of the risk.
RISK_UNKNOWN: Final = ("no information", "unclear", "not applicable", "not reported")
# What a judgement looks like, by how many there are, from the lowest risk to the highest; `unknown` stands beside.
RISK_MARKS: Final[dict[int, tuple[str, ...]]] = {
    1: ("low",),
    2: ("low", "high"),
    3: ("low", "some", "high"),
    4: ("low", "some", "high", "critical"),
    5: ("low", "fair", "some", "high", "critical"),
}
RISK_NOT_KNOWN: Final = "unknown"
OVERALL: Final = "overall"
