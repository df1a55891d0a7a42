"""Reproduce, pool and moderate study-level effects: attachment, alliance and psychotherapy outcome.

The package is imported room by room (`from analysis.frequentist import fit_random_effects`); nothing heavy is
loaded here.
"""

__version__ = "0.1.0"
