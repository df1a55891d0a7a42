"""What the notebooks stand on: a dataset opened in one line, tables and pictures to look at, a number to move.

Nothing here estimates: each function calls the kernels that the workflow calls and hands the result to a reader.
"""

from analysis.teaching.bias import draw_bias, draw_funnel, draw_selection
from analysis.teaching.choices import Choices, choose
from analysis.teaching.effects import draw_correlations, draw_estimates, draw_true_effects
from analysis.teaching.ledger import reproduce, show_ledger
from analysis.teaching.models import (
    draw_forest,
    draw_moderator,
    draw_orchard,
    draw_posterior,
    draw_tau2,
    draw_without,
)
from analysis.teaching.opening import Opened, columns, open_analysis, open_effects, open_table
from analysis.teaching.pictures import Picture, draw_curves
from analysis.teaching.showing import Table, show

__all__ = [
    "Choices",
    "Opened",
    "Picture",
    "Table",
    "choose",
    "columns",
    "draw_bias",
    "draw_correlations",
    "draw_curves",
    "draw_estimates",
    "draw_forest",
    "draw_funnel",
    "draw_moderator",
    "draw_orchard",
    "draw_posterior",
    "draw_selection",
    "draw_tau2",
    "draw_true_effects",
    "draw_without",
    "open_analysis",
    "open_effects",
    "open_table",
    "reproduce",
    "show",
    "show_ledger",
]
