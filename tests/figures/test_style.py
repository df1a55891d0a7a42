import hashlib
import subprocess
import sys

import matplotlib
import pytest
from matplotlib.figure import Figure

from analysis.figures.forest import plot_forest
from analysis.figures.funnel import plot_funnel
from analysis.figures.style import render
from tests.figures.samples import make_sample

PROGRAM = """
import hashlib
import sys
from analysis.figures.style import render
from tests.figures.test_style import draw_forest
figure = draw_forest()
print(*(hashlib.sha256(render(figure, kind)).hexdigest() for kind in ("svg", "png")))
print("matplotlib.pyplot" in sys.modules)
"""


def draw_forest() -> Figure:
    sample = make_sample(5)
    return plot_forest(sample.studies, mean=sample.mean, measure="ZCOR")


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_records_give_the_same_bytes(kind: str) -> None:
    sample = make_sample(18)
    first, second = (plot_funnel(sample.studies, estimate=0.3, tau2=0.03, measure="ZCOR") for _ in range(2))
    assert render(first, kind) == render(second, kind) == render(first, kind)


def test_another_process_gives_the_same_bytes_and_never_loads_pyplot() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    figure = draw_forest()
    expected = [hashlib.sha256(render(figure, kind)).hexdigest() for kind in ("svg", "png")]
    assert done.stdout.split() == [*expected, "False"]


def test_files_hold_no_date_and_no_version() -> None:
    figure = plot_funnel(make_sample(5).studies, estimate=0.3, measure="ZCOR")
    svg, png = render(figure, "svg"), render(figure, "png")
    assert b"dc:date" not in svg
    assert matplotlib.__version__.encode() not in svg + png
    assert b"Software" not in png


def test_the_settings_of_the_caller_neither_matter_nor_change() -> None:
    expected = render(draw_forest(), "svg")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        drawn = render(draw_forest(), "svg")
        assert matplotlib.rcParams["font.size"] == 30
    assert drawn == expected
