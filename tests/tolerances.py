"""Relative tolerances by kind of comparison."""

from typing import Final

# The same closed formula evaluated in another order of operations.
CLOSED_FORM: Final = 1e-12
# An optimum or a root found by our iteration and by another one, both run to the end.
ITERATIVE: Final = 1e-8
# metafor at a tightened threshold: its own stopping rule is absolute, so small values carry fewer digits.
METAFOR: Final = 1e-6
# metafor's optimum of a covariance between dimensions: its own likelihood is higher at ours.
METAFOR_COVARIANCE: Final = 1e-5
