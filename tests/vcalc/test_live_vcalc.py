"""Sampling covariances against metafor's `vcalc`, live; what cannot be is refused or repaired aloud."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.errors import DataError, ImpossibleValueError, ModelError
from analysis.measures.correlated import NamedCorrelations
from analysis.measures.vcalc import vcalc
from tests.conftest import RunR
from tests.tolerances import CLOSED_FORM

# By name: what R runs on a table `d`, and which of its columns are which argument of ours, and further arguments.
CASES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "one rho": (
        "d <- dat.assink2016; V <- vcalc(vi, cluster = study, obs = esid, data = d, rho = 0.6)",
        {"cluster": "study", "obs": "esid"},
        {"rho": 0.6},
    ),
    "rho without obs": (
        "d <- dat.assink2016; V <- vcalc(vi, cluster = study, obs = esid, data = d, rho = 0.3)",
        {"cluster": "study"},
        {"rho": 0.3},
    ),
    "types and observations": (
        "d <- dat.assink2016; V <- vcalc(vi, cluster = study, type = deltype, obs = esid, data = d, rho = c(0.7, 0.5))",
        {"cluster": "study", "type": "deltype", "obs": "esid"},
        {"rho": (0.7, 0.5)},
    ),
    "subgroups": (
        "d <- dat.assink2016; V <- vcalc(vi, cluster = study, subgroup = deltype, obs = esid, data = d, rho = 0.6)",
        {"cluster": "study", "subgroup": "deltype", "obs": "esid"},
        {"rho": 0.6},
    ),
    "times": (
        """d <- reshape(dat.ishak2007, direction = "long", idvar = "study", v.names = c("yi", "vi"),
                       varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
           d <- d[order(d$study, d$time), ]; d <- d[!is.na(d$yi), ]
           V <- vcalc(vi, cluster = study, time1 = time, data = d, phi = 0.97)""",
        {"cluster": "study", "time1": "time"},
        {"phi": 0.97},
    ),
    "shared groups": (
        """d <- data.frame(study = c(1, 1, 1, 2, 2, 3), g1 = c("a", "b", "c", "a", "b", "a"),
                           g2 = c("z", "z", "z", "z", "z", "z"), n1 = c(20, 35, 50, 40, 22, 31),
                           n2 = c(60, 60, 60, 33, 33, 12), vi = c(.11, .08, .06, .09, .2, .3))
           V <- vcalc(vi, cluster = study, grp1 = g1, grp2 = g2, w1 = n1, w2 = n2, data = d)""",
        {"cluster": "study", "grp1": "g1", "grp2": "g2", "w1": "n1", "w2": "n2"},
        {},
    ),
    "outcomes in shared groups": (
        """d <- data.frame(study = c(1, 1, 1, 1, 2, 2), g1 = c("a", "a", "b", "b", "a", "a"), g2 = "z",
                           what = c("x", "y", "x", "y", "x", "y"), n1 = c(20, 20, 50, 50, 31, 31),
                           n2 = c(60, 60, 60, 60, 12, 12), vi = c(.11, .08, .06, .09, .2, .3))
           V <- vcalc(vi, cluster = study, obs = what, grp1 = g1, grp2 = g2, w1 = n1, w2 = n2, data = d, rho = 0.4)""",
        {"cluster": "study", "obs": "what", "grp1": "g1", "grp2": "g2", "w1": "n1", "w2": "n2"},
        {"rho": 0.4},
    ),
    "groups at several times": (
        """d <- data.frame(study = c(1, 1, 1, 2, 2), g1 = c("a", "a", "b", "a", "a"), g2 = "z", t = c(1, 2, 1, 1, 3),
                           n1 = c(20, 20, 50, 31, 31), n2 = c(60, 60, 60, 12, 12), vi = c(.11, .08, .06, .2, .3))
           V <- vcalc(vi, cluster = study, time1 = t, grp1 = g1, grp2 = g2, w1 = n1, w2 = n2, data = d, phi = 0.8)""",
        {"cluster": "study", "time1": "t", "grp1": "g1", "grp2": "g2", "w1": "n1", "w2": "n2"},
        {"phi": 0.8},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_covariances_are_those_of_metafor(r: RunR, name: str) -> None:
    code, columns, choices = CASES[name]
    wanted = ", ".join(f"{ours} = as.character(d${theirs})" for ours, theirs in columns.items())
    found = r(f"{code}; list(V = as.matrix(V), vi = d$vi, columns = list({wanted}))")
    given = {
        ours: np.array(values, dtype=float) if ours in ("time1", "w1", "w2") else np.array(values)
        for ours, values in found["columns"].items()
    }
    V = vcalc(found["vi"], **given, **choices)
    assert_allclose(V.covariance.dense(), found["V"], rtol=CLOSED_FORM, atol=1e-15)
    assert not V.notes


def test_correlations_between_outcomes_are_those_of_metafor(r: RunR) -> None:
    found = r(
        """d <- dat.assink2016; R <- matrix(c(1, .4, .6, .4, 1, .3, .6, .3, 1), 3)
           rownames(R) <- colnames(R) <- c("covert", "general", "overt")
           d <- d[!duplicated(d[c("study", "deltype")]), ]
           V <- vcalc(vi, cluster = study, obs = deltype, data = d, rho = R)
           list(V = as.matrix(V), vi = d$vi, study = d$study, what = as.character(d$deltype))"""
    )
    R = NamedCorrelations(
        levels=("covert", "general", "overt"), matrix=np.array([[1, 0.4, 0.6], [0.4, 1, 0.3], [0.6, 0.3, 1]])
    )
    V = vcalc(found["vi"], found["study"], obs=found["what"], rho=R)
    assert_allclose(V.covariance.dense(), found["V"], rtol=CLOSED_FORM, atol=1e-15)


def test_listed_covariances_are_those_of_metafor(r: RunR) -> None:
    # Berkey et al. print variances and covariances; as correlations they are what metafor reads from them.
    found = r(
        """d <- dat.berkey1998; V <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = d)
           R <- cov2cor(as.matrix(V)); first <- ave(seq_len(nrow(d)), d$author, FUN = seq_along) == 1
           rho <- R[cbind(which(first), which(!first))]
           list(V = as.matrix(V), vi = diag(as.matrix(V)), author = as.character(d$author),
                r1 = ifelse(first, 1, rep(rho, each = 2)), r2 = ifelse(first, rep(rho, each = 2), 1))"""
    )
    V = vcalc(found["vi"], found["author"], rvars=np.column_stack([found["r1"], found["r2"]]))
    assert_allclose(V.covariance.dense(), found["V"], rtol=CLOSED_FORM, atol=1e-15)


def test_times_of_two_groups_are_those_of_metafor(r: RunR) -> None:
    found = r(
        """d <- data.frame(study = c(1, 1, 1, 2, 2), g1 = c("a", "a", "a", "a", "a"), g2 = c("a", "a", "b", "a", "b"),
                           t1 = c(2, 3, 2, 2, 4), t2 = c(1, 1, 2, 1, 4), vi = c(.11, .08, .06, .2, .3))
           V <- vcalc(vi, cluster = study, grp1 = g1, grp2 = g2, time1 = t1, time2 = t2, data = d, phi = 0.7)
           list(V = as.matrix(V), vi = d$vi, columns = as.list(d[c("study", "g1", "g2", "t1", "t2")]))"""
    )
    names = {"study": "cluster", "g1": "grp1", "g2": "grp2", "t1": "time1", "t2": "time2"}
    given = {names[name]: np.array(values) for name, values in found["columns"].items()}
    V = vcalc(found["vi"], **given, phi=0.7)
    assert_allclose(V.covariance.dense(), found["V"], rtol=CLOSED_FORM, atol=1e-15)


IMPOSSIBLE = NamedCorrelations(levels=("a", "b", "c"), matrix=np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))


def test_correlations_that_cannot_be_are_refused_by_cluster() -> None:
    with pytest.raises(ModelError, match=r"cluster s1.*not positive definite"):
        vcalc([0.1, 0.2, 0.3], ["s1"] * 3, obs=["a", "b", "c"], rho=IMPOSSIBLE)


def test_a_repair_is_said_and_is_the_nearest(r: RunR) -> None:
    repaired = vcalc([1.0, 1.0, 1.0], ["s1"] * 3, obs=["a", "b", "c"], rho=IMPOSSIBLE, nearpd=True)
    (note,) = repaired.notes
    assert "cluster s1" in note
    assert "largest change is" in note
    # The nearest correlation matrix, from the package Matrix.
    nearest = r(
        "as.matrix(Matrix::nearPD(R, corr = TRUE, conv.tol = 1e-14, maxit = 10000)$mat)", R=IMPOSSIBLE.matrix.tolist()
    )
    assert_allclose(repaired.covariance.dense(), nearest, atol=1e-6)
    assert repaired.smallest_eigenvalue > 0.0


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"obs": ["a", "b"]}, "without rho"),
        ({"obs": ["a", "b"], "type": ["a", "b"], "rho": 0.5}, "not two rho"),
        ({"time1": [1, 2]}, "go together"),
        ({"obs": ["a", None], "rho": 0.5}, "missing for effect 2"),
        ({"obs": ["a"], "rho": 0.5}, "shape"),
        ({"grp2": ["a", "b"]}, "without grp1"),
    ],
)
def test_what_is_missing_is_named(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        vcalc([0.1, 0.1], [1, 1], **choices)


def test_an_impossible_variance_is_named() -> None:
    with pytest.raises(ImpossibleValueError, match="effect 2"):
        vcalc([0.1, -0.1], [1, 1], rho=0.5)


def test_a_correlation_beyond_one_is_refused() -> None:
    with pytest.raises(ModelError, match="between -1 and 1"):
        vcalc([0.1, 0.1], [1, 1], rho=1.5)
