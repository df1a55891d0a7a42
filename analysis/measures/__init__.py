"""Reported statistics to effects and sampling variances: arrays in, arrays out.

`escalc` for whole tables, the functions `x_to_y` from one statistic or effect size to another, `composite` for several
correlated effects of one study, `back_transform` to the scale a reader sees.
"""

from analysis.measures.composite import Composite, composite
from analysis.measures.conversion import (
    back_transform,
    bias_correction,
    d_to_g,
    d_to_log_or,
    d_to_r,
    g_to_d,
    g_to_r,
    log_or_to_d,
    log_or_to_or,
    log_or_to_r,
    or_to_log_or,
    r_to_d,
    r_to_eta2,
    r_to_g,
    r_to_log_or,
    r_to_z,
    z_to_r,
)
from analysis.measures.converted import Conversion
from analysis.measures.escalc import escalc, refuse_impossible
from analysis.measures.impossible import Impossible, find_impossible
from analysis.measures.statistic import (
    chi2_to_r,
    eta2_to_r,
    f_to_d,
    f_to_r,
    f_to_t,
    p_to_d,
    p_to_r,
    p_to_t,
    r_to_t,
    t_to_d,
    t_to_r,
)
from analysis.measures.vcalc import SamplingCovariance, vcalc

__all__ = [
    "Composite",
    "Conversion",
    "Impossible",
    "SamplingCovariance",
    "back_transform",
    "bias_correction",
    "chi2_to_r",
    "composite",
    "d_to_g",
    "d_to_log_or",
    "d_to_r",
    "escalc",
    "eta2_to_r",
    "f_to_d",
    "f_to_r",
    "f_to_t",
    "find_impossible",
    "g_to_d",
    "g_to_r",
    "log_or_to_d",
    "log_or_to_or",
    "log_or_to_r",
    "or_to_log_or",
    "p_to_d",
    "p_to_r",
    "p_to_t",
    "r_to_d",
    "r_to_eta2",
    "r_to_g",
    "r_to_log_or",
    "r_to_t",
    "r_to_z",
    "refuse_impossible",
    "t_to_d",
    "t_to_r",
    "vcalc",
    "z_to_r",
]
