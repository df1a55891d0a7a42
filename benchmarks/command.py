"""What every benchmark's command line shares: its options, and seconds in words."""

import argparse
import json
import sys
from collections.abc import Callable

type Row = dict[str, str | float | int | bool | None]


def clock(seconds: object) -> str:
    """Seconds in the unit that reads best."""
    value = float(str(seconds))
    return f"{value:.2f} s" if value >= 1.0 else f"{1000 * value:.3g} ms"


def parser(module: str, description: str) -> argparse.ArgumentParser:
    """Options of `python -m benchmarks...`."""
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.add_argument("--repeats", type=int, default=5, help="runs of each task, or tens of them (default 5)")
    return made


def run(choices: argparse.Namespace, rows: Callable[[int], list[Row]], show: Callable[[list[Row]], str]) -> int:
    """Measure and print."""
    table = rows(max(1, choices.repeats))
    sys.stdout.write((json.dumps(table, indent=2) if choices.json else show(table)) + "\n")
    return 0


def beside(table: list[Row], peer: str) -> str:
    """Rows with `ours`, `target`, the seconds of a `peer`, `ratio` and `difference`, as text.

    The last column is how far the two programs' answers are apart, relatively.
    """
    lines = [f"{'task':<54}{'ours':>12}{'target':>12}{'peer':>12}{'ratio':>10}{'apart':>10}"]
    for row in table:
        peer_time = "absent" if row[peer] is None else clock(row[peer])
        ratio = "" if row["ratio"] is None else f"{row['ratio']:,.0f} x"
        apart = "" if row["difference"] is None else f"{row['difference']:.0e}"
        times = f"{clock(row['ours']):>12}{clock(row['target']):>12}{peer_time:>12}"
        lines.append(f"{row['task']:<54}{times}{ratio:>10}{apart:>10}")
    return "\n".join(lines)
