"""Whether all cores stay busy: a class graded on one worker, and on as many as there are cores, by turns in one run.

    .venv/bin/python -m research.bench.cores --rounds 3

Four students hand in their first two notebooks, which are graded from nothing. A class on n cores should take at most 1.1 of
the sum of its submissions divided by n. The sum is the processor time of one worker: a lone one is lent the other cores' threads
too, so that its wall time is less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from research.bench.grading import CLASS, our_class, say

NOTEBOOKS = ("1_one_layer", "2_two_layers")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    walls, processors = [], []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="netgrader-cores-") as made:
            order = (1, cores) if number % 2 == 0 else (cores, 1)
            ran = {workers: our_class(CLASS, Path(made) / f"on{workers}", workers, NOTEBOOKS) for workers in order}
        one, many = ran[1], ran[cores]
        walls.append(many.seconds * cores / one.cpu)
        processors.append(many.cpu / one.cpu)
        took = f"one worker {one.seconds:.0f} s ({one.cpu:.0f} of processor), {cores} workers {many.seconds:.0f} ({many.cpu:.0f})"
        say(
            f"round {number + 1}: {took}; of the sum divided by {cores}: {walls[-1]:.2f}, processor {processors[-1]:.2f}"
        )
    for name, found in (("wall", walls), ("processor", processors)):
        low, middle, high = min(found), statistics.median(found), max(found)
        say(f"{name}: minimum {low:.2f}, median {middle:.2f}, maximum {high:.2f}")


if __name__ == "__main__":
    main()
