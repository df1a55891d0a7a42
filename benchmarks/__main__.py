"""`python -m benchmarks`: our kernel beside metafor on the same numbers, in the same run.

python -m benchmarks              a table
python -m benchmarks --json       the same for machines
python -m benchmarks --repeats 1  quick and rough
"""

import sys

from benchmarks import ours, peers
from benchmarks.command import Row, clock, parser, run

# Task, what it is, and the seconds it should stay under.
TASKS = {
    "single": ("one REML fit, 13 studies", 0.0003),
    "large": ("one REML fit, 1,000 studies", 0.001),
    "subsets": ("REML on all 8,191 subsets of 13 studies", 0.2),
    "permutations": ("10,000 permutations, 50 studies, one moderator, REML", 1.0),
}


def rows(repeats: int) -> list[Row]:
    """One record per task: seconds of ours and of metafor, their ratio, and whether metafor's is extrapolated."""
    mine, theirs = ours.measure(repeats), peers.measure(repeats)
    table: list[Row] = []
    for task, (what, target) in TASKS.items():
        peer = theirs.get(task)
        table.append(
            {
                "task": what,
                "ours": mine[task],
                "target": target,
                "metafor": None if peer is None else peer.seconds,
                "ratio": None if peer is None else peer.seconds / mine[task],
                "metafor_run": None if peer is None else peer.run,
                "metafor_extrapolated": peer is not None and peer.run < peer.size,
            }
        )
    return table


def show(table: list[Row]) -> str:
    """The table as text, with a line for everything that was not timed in full."""
    lines = [f"{'task':<54}{'ours':>12}{'target':>12}{'metafor':>12}{'ratio':>10}"]
    for row in table:
        peer = "absent" if row["metafor"] is None else clock(row["metafor"])
        ratio = "" if row["ratio"] is None else f"{row['ratio']:,.0f} x"
        lines.append(f"{row['task']:<54}{clock(row['ours']):>12}{clock(row['target']):>12}{peer:>12}{ratio:>10}")
    sampled = [row for row in table if row["metafor_extrapolated"]]
    lines += [
        f'metafor\'s time for "{row["task"]}" is extrapolated from {row["metafor_run"]} of them.' for row in sampled
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    return run(parser("benchmarks", "Speed beside metafor.").parse_args(arguments), rows, show)


if __name__ == "__main__":
    sys.exit(main())
