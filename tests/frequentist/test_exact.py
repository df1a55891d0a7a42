"""The kernel against rational arithmetic, where rounding has no say, and against itself only for batching."""

from fractions import Fraction

import numpy as np
import pytest

from analysis.errors import ImpossibleValueError, ModelError, RankDeficientError, TooFewStudiesError
from analysis.frequentist import fit_meta_regression, fit_random_effects
from tests.tolerances import CLOSED_FORM, ITERATIVE

RNG = np.random.default_rng(20180711)


def exact_q(y: np.ndarray, v: np.ndarray, X: np.ndarray) -> float:
    """Weighted residual sum of squares by Gauss-Jordan elimination over the rationals."""
    n, p = X.shape
    rows = [[Fraction(cell) for cell in row] for row in X.tolist()]
    ys, ws = [Fraction(cell) for cell in y.tolist()], [1 / Fraction(cell) for cell in v.tolist()]
    system = [
        [sum(ws[i] * rows[i][a] * rows[i][b] for i in range(n)) for b in range(p)]
        + [sum(ws[i] * rows[i][a] * ys[i] for i in range(n))]
        for a in range(p)
    ]
    for column in range(p):
        pivot = system[column][column]
        system[column] = [cell / pivot for cell in system[column]]
        for row in range(p):
            if row != column:
                factor = system[row][column]
                system[row] = [cell - factor * own for cell, own in zip(system[row], system[column], strict=True)]
    beta = [system[row][p] for row in range(p)]
    return float(sum(ws[i] * (ys[i] - sum(rows[i][a] * beta[a] for a in range(p))) ** 2 for i in range(n)))


@pytest.mark.parametrize("centre", [0.0, 2000.0])
@pytest.mark.parametrize("spread", [1.0, 5.0])
def test_q_is_exact_even_where_the_design_is_ill_conditioned(centre: float, spread: float) -> None:
    k = 13
    v, x = 10 ** RNG.uniform(-spread, 0, k), RNG.normal(centre, 10, k)
    y, X = RNG.normal(0.3, np.sqrt(v)), np.column_stack([np.ones(k), x, x * (np.arange(k) % 2), np.arange(k) % 2])
    assert fit_meta_regression(y, v, X, method="EE").qe == pytest.approx(exact_q(y, v, X), rel=1e-9)
    assert fit_random_effects(y, v, method="EE").qe == pytest.approx(exact_q(y, v, X[:, :1]), rel=CLOSED_FORM)


@pytest.mark.parametrize("method", ["DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM"])
def test_a_masked_batch_is_the_subsets_one_by_one(method: str) -> None:
    v = RNG.uniform(0.01, 0.3, 9)
    y, mask = RNG.normal(0.2, np.sqrt(v + 0.1)), RNG.random((20, 9)) < 0.7
    mask[:, :3] = True
    batch = fit_random_effects(y, v, method=method, test="knha", mask=mask)
    for index, keep in enumerate(mask):
        single = fit_random_effects(y[keep], v[keep], method=method, test="knha")
        assert batch.tau2[index] == pytest.approx(single.tau2, rel=ITERATIVE, abs=1e-12)
        assert batch.ci_lb[index] == pytest.approx(single.ci_lb, rel=ITERATIVE)
        assert batch.loglik[index] == pytest.approx(single.loglik, rel=ITERATIVE)


def test_impossible_numbers_are_named_by_position() -> None:
    with pytest.raises(ImpossibleValueError, match=r"effect 2: vi is 0"):
        fit_random_effects([0.1, 0.2], [0.1, 0.0])
    with pytest.raises(ImpossibleValueError, match="effect 1: yi is nan"):
        fit_random_effects([np.nan, 0.2], [0.1, 0.1])


def test_models_that_cannot_be_fitted_say_why() -> None:
    y, v = [0.1, 0.2, 0.3], [0.1, 0.1, 0.1]
    with pytest.raises(RankDeficientError, match="column twin of the design"):
        fit_meta_regression(y, v, [[1, 1], [1, 1], [1, 1]], names=("intrcpt", "twin"))
    with pytest.raises(TooFewStudiesError, match="which needs 4"):
        fit_meta_regression(y, v, [[1, 0, 1], [1, 1, 0], [1, 2, 5]])
    with pytest.raises(ModelError, match="GENQ needs weights"):
        fit_random_effects(y, v, method="GENQ")
    with pytest.raises(ModelError, match=r"method .REMLL. is not known"):
        fit_random_effects(y, v, method="REMLL")
