"""The multiverse: each specification is the fit it names, shares are counted by hand, the joint test holds its size."""

from typing import Any

import numpy as np
import pytest
from scipy.special import chdtrc

from analysis.errors import ModelError
from analysis.fragility.joint_multiverse import joint_multiverse_test
from analysis.fragility.multiverse import EffectSet, run_multiverse
from analysis.fragility.specifications import decompose, smallest_flips, summarise
from tests.tolerances import CLOSED_FORM, METAFOR


def make_sets(
    seed: int, *, mean: float = 0.2, k: int = 14, estimands: tuple[str, str] = ("all", "all")
) -> list[EffectSet]:
    rng = np.random.default_rng(seed)
    ni = rng.integers(20, 200, k)
    z = rng.normal(mean, 0.15, k) + rng.normal(0, (ni - 3.0) ** -0.5)
    halves = (np.arange(k), np.arange(0, k, 2))
    sets = []
    for (name, unit), estimand in zip(zip(("all", "published"), halves, strict=True), estimands, strict=True):
        own, n = z[unit], ni[unit]
        r = np.tanh(own)
        shared: dict[str, Any] = {"estimand": estimand, "unit": unit}
        sets.append(
            EffectSet(choices={"measure": "ZCOR", "subset": name}, yi=own, vi=1 / (n - 3), shown="tanh", **shared)
        )
        sets.append(EffectSet(choices={"measure": "COR", "subset": name}, yi=r, vi=(1 - r**2) ** 2 / (n - 1), **shared))
    return sets


GRID: dict[str, Any] = {"methods": ("REML", "DL", "PM", "EE"), "tests": ("z", "knha")}


def test_every_specification_is_the_fit_it_names(r: Any) -> None:
    sets = make_sets(3)
    found = run_multiverse(sets, **GRID)
    assert len(found.k) == 4 * (3 * 2 + 1)
    assert len(found.left_out) == 1
    assert "EE with test knha" in found.left_out[0]
    by_choice = {(one.choices["measure"], one.choices["subset"]): one for one in sets}
    own = [by_choice[found.option(row, "measure"), found.option(row, "subset")] for row in range(len(found.k))]
    theirs = r(
        """control <- list(threshold=1e-14, maxiter=10000, tol=1e-12)
        result <- lapply(seq_along(method), function(i) {
          f <- rma(unlist(yi[[i]]), unlist(vi[[i]]), method=method[[i]], test=test[[i]], control=control)
          list(beta=f$beta[1], lb=f$ci.lb, ub=f$ci.ub, p=f$pval)})""",
        yi=[one.yi.tolist() for one in own],
        vi=[one.vi.tolist() for one in own],
        method=[found.option(row, "method") for row in range(len(found.k))],
        test=[found.option(row, "test") for row in range(len(found.k))],
    )
    for row, (one, their) in enumerate(zip(own, theirs, strict=True)):
        shown = np.tanh if one.shown else float
        limits = found.estimate[row], found.ci_lb[row], found.ci_ub[row]
        assert limits == pytest.approx([shown(their[key]) for key in ("beta", "lb", "ub")], rel=METAFOR, abs=1e-9)
        assert found.pval[row] == pytest.approx(their["p"], rel=METAFOR, abs=1e-9)


def test_shares_are_counted_by_estimand() -> None:
    found = run_multiverse(make_sets(5, estimands=("every study", "published ones")), **GRID)
    whole, part = summarise(found)
    assert (whole.estimand, part.estimand) == ("every study", "published ones")
    rows = [i for i, name in enumerate(found.estimand) if name == "every study"]
    assert whole.n == len(rows) == 14
    assert whole.clear_positive == pytest.approx(np.mean(found.ci_lb[rows] > 0))
    assert whole.median == pytest.approx(np.median(found.estimate[rows]))
    assert whole.positive + whole.negative == pytest.approx(1.0)


def test_the_decomposition_is_that_of_a_balanced_analysis_of_variance() -> None:
    found = run_multiverse(make_sets(7), methods=("REML", "DL", "PM"), tests=("z", "t"))
    shares = {one.choice: one.share for one in decompose(found)}
    grand, total = found.estimate.mean(), ((found.estimate - found.estimate.mean()) ** 2).sum()
    for place, choice in enumerate(found.options):
        codes = found.taken[:, place]
        if len(set(codes.tolist())) < 2:
            assert choice not in shares
            continue
        between = sum(
            (codes == code).sum() * (found.estimate[codes == code].mean() - grand) ** 2 for code in set(codes)
        )
        assert shares[choice] == pytest.approx(between / total, rel=1e-8, abs=1e-12)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["test"] == pytest.approx(0.0, abs=CLOSED_FORM)


def test_the_smallest_change_that_flips_the_conclusion() -> None:
    yi = np.array([0.5, 0.45, 0.55, 0.5, -0.9])
    vi = np.full(5, 0.01)
    plain = EffectSet(choices={"subset": "all"}, estimand="mean", yi=yi, vi=vi, unit=np.arange(5))
    found = run_multiverse([plain], methods=("REML", "EE"), tests=("z", "knha"), outliers=("none", "fences"))
    reference = next(
        row
        for row in range(len(found.k))
        if [found.option(row, name) for name in ("outliers", "method", "test")] == ["none", "REML", "z"]
    )
    flips = smallest_flips(found, reference)
    assert {tuple(one.changes.items()) for one in flips} == {
        (("outliers", ("none", "fences")),),
        (("method", ("REML", "EE")),),
    }
    assert all(one.reference == "open" and one.conclusion == "positive" for one in flips)


def test_nothing_flips_where_all_agree() -> None:
    yi, unit = np.array([0.5, 0.6, 0.4, 0.5]), np.arange(4)
    sure = EffectSet(choices={}, estimand="mean", yi=yi, vi=np.full(4, 1e-4), unit=unit)
    assert smallest_flips(run_multiverse([sure], methods=("DL", "EE"), tests=("z",)), 0) == ()


def test_signs_of_whole_studies_are_enumerated_where_few() -> None:
    # One set, one specification, equal variances: the statistic is the mean, and all 2^6 arrangements can be counted.
    yi = np.array([0.3, 0.1, 0.4, -0.1, 0.2, 0.35])
    one = EffectSet(choices={}, estimand="mean", yi=yi, vi=np.full(6, 0.04), unit=np.arange(6))
    (found,) = joint_multiverse_test([one], methods=("EE",), tests=("z",), seed=1)
    signs = 1 - 2 * ((np.arange(64)[:, None] >> np.arange(6)) & 1)
    means = np.abs(signs @ yi)
    assert found.exact
    assert found.draws == 64
    assert found.median_pval == pytest.approx((means >= abs(yi.sum()) - 1e-12).mean())


def test_the_joint_test_holds_its_size_and_sees_an_effect() -> None:
    pvals = []
    for seed in range(60):
        sets = make_sets(seed, mean=0.0, k=10)
        (found,) = joint_multiverse_test(sets, methods=("DL",), tests=("z",), seed=1)
        pvals.append(found.median_pval)
    # Under the null p is uniform: minus twice the sum of logarithms is chi-squared (Fisher).
    fisher = chdtrc(2.0 * len(pvals), -2.0 * float(np.log(pvals).sum()))
    assert 0.001 < fisher < 0.999
    (seen,) = joint_multiverse_test(make_sets(1, mean=0.4, k=10), methods=("DL",), tests=("z",), seed=1)
    assert seen.median_pval < 0.01


def test_draws_depend_on_the_seed_alone() -> None:
    sets = make_sets(2, mean=0.03, k=20)
    run = [joint_multiverse_test(sets, methods=("DL",), tests=("z",), draws=99, seed=s) for s in (4, 4, 5)]
    assert run[0] == run[1]
    assert run[0] != run[2]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_effects_give_numbers_or_none(k: int) -> None:
    one = EffectSet(choices={}, estimand="mean", yi=np.full(k, 0.2), vi=np.full(k, 0.05), unit=np.arange(k))
    found = run_multiverse([one], outliers=("none", "residuals", "fences"), **GRID)
    assert found.estimate == pytest.approx(np.full(len(found.k), 0.2))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"outliers": ("winsor",)}, "no rule for outliers"),
        ({"methods": ("EE",), "tests": ("knha",)}, "no estimator goes"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        run_multiverse(make_sets(1), **{**GRID, **change})


def test_no_sets_are_refused() -> None:
    with pytest.raises(ModelError, match="at least one set"):
        run_multiverse([], **GRID)


def test_shares_add_up_where_some_combinations_are_missing() -> None:
    # Equal-effects methods have no scaled test, so test and method do not cross.
    found = run_multiverse(make_sets(11), methods=("REML", "DL", "EE"), tests=("z", "knha"))
    shares = decompose(found)
    assert sum(one.share for one in shares) == pytest.approx(1.0, abs=1e-9)
    assert all(0.0 <= one.share <= 1.0 for one in shares)
