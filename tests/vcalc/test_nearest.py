"""The nearest correlation matrix against the examples that Higham (2002) prints."""

import numpy as np
from numpy.testing import assert_allclose

from analysis.measures.nearest import nearest_correlation


def test_the_first_example_of_higham() -> None:
    found = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    assert_allclose(found, [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]], atol=5e-5)
    assert np.linalg.eigvalsh(found)[0] > 0.0
    np.linalg.cholesky(found)


def test_the_second_example_of_higham() -> None:
    A = 2.0 * np.eye(4) - np.eye(4, k=1) - np.eye(4, k=-1)
    first, second = [1, -0.8084, 0.1916, 0.1068], [-0.8084, 1, -0.6562, 0.1916]
    assert_allclose(nearest_correlation(A), [first, second, second[::-1], first[::-1]], atol=5e-5)


def test_several_at_once_are_each_by_itself() -> None:
    random = np.random.default_rng(2)
    stack = np.clip(random.normal(size=(5, 4, 4)), -1, 1)
    stack = np.where(np.eye(4, dtype=bool), 1.0, (stack + np.swapaxes(stack, 1, 2)) / 2.0)
    assert_allclose(nearest_correlation(stack), [nearest_correlation(one) for one in stack], atol=1e-9)


def test_a_correlation_matrix_stays_as_it_is() -> None:
    R = np.array([[1.0, 0.3], [0.3, 1.0]])
    assert_allclose(nearest_correlation(R), R, rtol=1e-12)
