"""Published numbers beside recomputed ones, from an opened analysis alone."""

from analysis.rows import ModelRow
from analysis.teaching.opening import Opened
from analysis.teaching.showing import Table, show
from analysis.verification.recomputation import Recomputed, recompute


def reproduce(opened: Opened, *, tolerance: float | None = None) -> Recomputed:
    """Fit every frequentist model of an analysis and judge its published numbers.

    Parameters
    ----------
    opened : Opened
    tolerance : float, optional
        Relative distance that is tolerated, in per cent; that of the configuration by default.
    """
    models = [row for name in opened.analysis.models if isinstance(row := opened.models[name], ModelRow)]
    return recompute(
        opened.dataset,
        f"data/{opened.analysis.dataset}",
        opened.analysis,
        models,
        tolerance=opened.tolerance if tolerance is None else tolerance,
        sampled={},
    )


def show_ledger(
    opened: Opened, tolerance: float | None = None, *, names: str = "quantity printed ours verdict"
) -> Table:
    """Lay out the ledger of an opened analysis."""
    return show(reproduce(opened, tolerance=tolerance).ledgers["ledger"], names)
