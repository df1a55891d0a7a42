"""Which choices of a model of dependent effects go together."""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.vocabulary import HUNTER_SCHMIDT, MIXED_METHODS, MIXED_STRUCTURES, MIXED_TESTS, SCALED_TESTS

# Structures that a level above studies may join.
WITH_OUTER = ("three_level", "correlated_hierarchical")


def contradictions(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield every choice of a model row that its other choices rule out: its key, what is wrong, and what to do.

    Used for rows of the configuration and for options of the command line.
    """
    structure, method = row["structure"], row["method"]
    if structure in MIXED_STRUCTURES:
        yield from _of_mixed(row, structure)
    if structure == "multivariate" and row["inner"] is None:
        yield (
            "inner",
            "a multivariate model needs the dimension of every effect.",
            "Name its column, such as dimension.",
        )
    if structure != "multivariate" and row["inner"] is not None:
        yield "inner", f"structure {structure} has no dimensions.", "Use structure multivariate, or leave inner out."
    if row["outer"] is not None and structure not in WITH_OUTER:
        remedy = f"Use {' or '.join(WITH_OUTER)}, or leave outer out."
        yield "outer", f"structure {structure} has no level above studies.", remedy
    yield from _of_robust(row, method)


def _of_mixed(row: Mapping[str, Any], structure: str) -> Iterator[tuple[str, str, str]]:
    if row["method"] not in MIXED_METHODS:
        what = f"structure {structure} is fitted by likelihood, not by {row['method']}."
        yield "method", what, f"Use {' or '.join(MIXED_METHODS)}."
    if row["test"] not in MIXED_TESTS:
        what = f"structure {structure} has no test {row['test']}."
        yield "test", what, f"Use {' or '.join(MIXED_TESTS)}, and robust: CR2 for a small-sample correction."
    if row["weights"] is not None:
        yield "weights", f"structure {structure} has weights of its own.", "Leave weights out."
    if row["permutations"]:
        what = f"effects of structure {structure} cannot change places."
        yield "permutations", what, "Write 0; use robust: CR2 with bootstrap."


def _of_robust(row: Mapping[str, Any], method: str) -> Iterator[tuple[str, str, str]]:
    if row["robust"] is not None and (row["weights"] is not None or method in (HUNTER_SCHMIDT, "GENQ")):
        what = "a robust variance here is for inverse-variance weights."
        yield "robust", what, "Leave robust or the weights out."
    if row["robust"] is not None and row["test"] in SCALED_TESTS:
        what = f"robust {row['robust']} replaces the correction of test {row['test']}."
        yield "test", what, "Use test z or t with it."
    if row["bootstrap"] and row["robust"] is None:
        yield "bootstrap", "a cluster wild bootstrap draws a robust statistic.", "Set robust: CR2, or bootstrap: 0."
    if row["bootstrap"] and row["mods"] is None:
        yield "bootstrap", "there are no moderators to test by a bootstrap.", "Write 0."
