"""Every question of fragility asked of awkward sets of studies: an answer, or a sentence, never a traceback."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.errors import ToolkitError
from analysis.fragility.asymmetry import ranktest, regtest
from analysis.fragility.egger_multilevel import egger_multilevel
from analysis.fragility.excess import tes
from analysis.fragility.fail_safe import fsn
from analysis.fragility.gosh import gosh
from analysis.fragility.gosh_clusters import gosh_clusters
from analysis.fragility.influence import baujat, influence
from analysis.fragility.leave_out import cumul, leave1out
from analysis.fragility.limit import limitmeta
from analysis.fragility.precision_effect import peese, pet, pet_peese, uwls, waap_uwls
from analysis.fragility.trim_fill import trimfill

RNG = np.random.default_rng(12)
VARIANCES = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.05, 0.15, 0.25, 0.08, 0.12])
SETS: dict[str, tuple[np.ndarray, np.ndarray]] = {
    "one": (np.array([0.3]), np.array([0.1])),
    "two": (np.array([0.3, 0.1]), np.array([0.1, 0.2])),
    "three": (np.array([0.3, 0.1, 0.6]), np.array([0.1, 0.2, 0.05])),
    "five": (np.array([0.3, 0.1, 0.6, -0.2, 0.4]), np.array([0.1, 0.2, 0.05, 0.3, 0.15])),
    "all significant": (RNG.uniform(2.2, 4.0, 12) * np.sqrt(VARIANCES), VARIANCES),
    "none significant": (RNG.uniform(-1.5, 1.5, 12) * np.sqrt(VARIANCES), VARIANCES),
    "on a line of standard errors": (3.0 * np.sqrt(VARIANCES), VARIANCES),
    "all equal effects": (np.full(12, 0.3), VARIANCES),
    "all equal variances": (RNG.normal(size=12), np.full(12, 0.1)),
    "all equal": (np.full(12, 0.3), np.full(12, 0.1)),
    "all zero": (np.zeros(6), VARIANCES[:6]),
    "one huge study": (np.append(RNG.normal(size=9), 0.1), np.append(np.full(9, 0.3), 1e-9)),
    "one huge study among unlike ones": (np.append(RNG.normal(size=11), 0.1), np.append(VARIANCES[1:], 1e-14)),
    "one enormous effect": (np.append(RNG.normal(size=11), 1e6), VARIANCES),
    "huge units": (1e8 * RNG.normal(size=12), 1e16 * VARIANCES),
    "tiny units": (1e-8 * RNG.normal(size=12), 1e-16 * VARIANCES),
}
ASKED: dict[str, Callable[[Any, Any], Any]] = {
    "leave1out": leave1out,
    "leave1out knha": lambda y, v: leave1out(y, v, test="knha"),
    "cumul": lambda y, v: cumul(y, v, order=v, test="knha"),
    "influence": influence,
    "influence DL knha": lambda y, v: influence(y, v, method="DL", test="knha"),
    "baujat": baujat,
    "gosh": gosh,
    "gosh clusters": lambda y, v: gosh_clusters(gosh(y, v, method="DL")),
    "regtest": regtest,
    "regtest lm": lambda y, v: regtest(y, v, model="lm", predictor="vi"),
    "ranktest": ranktest,
    "egger multilevel": lambda y, v: egger_multilevel(y, v, np.arange(len(y)) // 2),
    **{
        f"trimfill {estimator} {side}": lambda y, v, e=estimator, s=side: trimfill(y, v, estimator=e, side=s)
        for estimator in ("L0", "R0", "Q0")
        for side in (None, "left", "right")
    },
    "pet": pet,
    "peese": peese,
    "pet_peese": pet_peese,
    "uwls": uwls,
    "waap_uwls": waap_uwls,
    **{f"limit {adjust}": lambda y, v, a=adjust: limitmeta(y, v, adjust=a) for adjust in ("beta0", "betalim", "mulim")},
    **{f"fsn {kind}": lambda y, v, t=kind: fsn(y, v, type=t) for kind in ("Rosenthal", "Orwin", "Rosenberg", "REM")},
    "fsn Fisher": lambda y, v: fsn(y, v, combine="Fisher"),
    **{f"tes {test}": lambda y, v, t=test: tes(y, v, test=t) for test in ("exact", "binom", "chi2")},
    "tes heterogeneous": lambda y, v: tes(y, v, tau2=0.1, tes_alternative="two.sided"),
}


# What these sets say nothing about, and only these: all else has an answer.
ONE_PRECISION = ("egger", "regtest", "pet", "peese", "pet_peese", "limit")
UNANSWERABLE = {
    *((name, asked) for name in ("all equal", "all equal variances") for asked in ONE_PRECISION),
    *((name, "egger") for name in ("three", "all equal effects", "all zero", "on a line of standard errors")),
    ("one enormous effect", "limit"),
}


def answer(question: str, yi: np.ndarray, vi: np.ndarray) -> tuple[Any, str]:
    """The result, or none and the sentence of the error."""
    try:
        return ASKED[question](yi, vi), ""
    except ToolkitError as error:
        return None, str(error)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("question", ASKED)
def test_there_is_an_answer_or_a_sentence(name: str, question: str) -> None:
    yi, vi = SETS[name]
    found, said = answer(question, yi, vi)
    if found is None:
        assert said.endswith(".")
        no_root = "Q0" in question and "Q0 has no value" in said
        assert (name, question.split()[0]) in UNANSWERABLE or len(yi) < 3 or no_root, said
        return
    assert isinstance(found.notes, tuple)
    assert all(note.endswith((".", ")")) for note in found.notes)
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        assert not isinstance(value, np.floating | np.integer | np.bool_), field.name


@pytest.mark.parametrize("question", ASKED)
@pytest.mark.parametrize(
    ("yi", "vi"),
    [([], []), ([0.1, np.nan, 0.3], [0.1, 0.1, 0.1]), ([0.1, 0.2, 0.3], [0.1, 0.0, 0.1]), ([0.1, 0.2], [0.1])],
)
def test_impossible_numbers_are_refused(question: str, yi: list[float], vi: list[float]) -> None:
    with pytest.raises(ToolkitError):
        ASKED[question](np.array(yi), np.array(vi))


@pytest.mark.parametrize("question", [asked for asked in ASKED if not asked.startswith("fsn REM")])
def test_the_unit_of_the_measure_changes_no_verdict(question: str) -> None:
    rng = np.random.default_rng(21)
    vi = rng.uniform(0.01, 0.3, 11)
    yi = rng.normal(0.3, np.sqrt(vi + 0.05))
    first, second = ASKED[question](yi, vi), ASKED[question](32.0 * yi, 1024.0 * vi)
    for field in ("pval", "tau", "k0", "side", "fsnum", "is_infl", "rstudent", "cook_d", "flips_sign", "i2", "x"):
        if hasattr(first, field) and "heterogeneous" not in question:
            one, two = getattr(first, field), getattr(second, field)
            if isinstance(one, str) or one is None:
                assert one == two
            else:
                np.testing.assert_allclose(one, two, rtol=1e-7, atol=1e-12)
