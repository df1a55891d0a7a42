"""Our side: seconds for each task, best of several runs."""

import itertools
import time
from collections.abc import Callable

import numpy as np

from analysis.frequentist import fit_random_effects, permutation_test
from benchmarks.data import bcg_trials, drawn


def seconds(task: Callable[[], object], repeats: int) -> float:
    """Best time of `repeats` runs after a first one that warms up."""
    task()
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - start)
    return best


def measure(repeats: int) -> dict[str, float]:
    """Seconds per task; the cheap tasks run fifty times as often."""
    yi, vi = bcg_trials()
    many, many_vi, _ = drawn(1000)
    fifty, fifty_vi, x = drawn(50)
    X = np.column_stack([np.ones(50), x])
    subsets = np.array([row for row in itertools.product((False, True), repeat=13) if any(row)])
    return {
        "single": seconds(lambda: fit_random_effects(yi, vi), 50 * repeats),
        "large": seconds(lambda: fit_random_effects(many, many_vi), 50 * repeats),
        "subsets": seconds(lambda: fit_random_effects(yi, vi, mask=subsets), repeats),
        "permutations": seconds(lambda: permutation_test(fifty, fifty_vi, X, permutations=10_000, seed=1), repeats),
    }
