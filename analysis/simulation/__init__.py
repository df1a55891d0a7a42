"""Datasets drawn from a stated truth; never looks at real data."""

from analysis.simulation.attachment_alliance import simulate_attachment_alliance

__all__ = ["simulate_attachment_alliance"]
