"""Datasets drawn from a stated truth; never looks at real data."""

from analysis.simulation.attachment_alliance import simulate_attachment_alliance
from analysis.simulation.review import simulate_review

__all__ = ["simulate_attachment_alliance", "simulate_review"]
