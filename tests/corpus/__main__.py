"""Make products, let the reader read them, write the table: ``python -m tests.corpus read | report``."""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from . import reading, trained
from .products import Product, digest, entries, kept_in, load, make, named, pairs, products
from .report import write
from .sample import FAULTY, MODELS, RIGHT, UNCONFIRMED

RESEARCH = Path(__file__).parents[2] / "evaluation"
REPORTS = {"graphs": RESEARCH / "reader-report.md", "keras": RESEARCH / "reader-keras.md"}
PAIRS = 150
SEED = 20


def wanted(arguments: argparse.Namespace) -> tuple[Product, ...]:
    """The products of the report, fewer where asked."""
    operators = None if arguments.operators is None else tuple(arguments.operators)
    return _wanted(arguments.each, arguments.most, operators, tuple(arguments.programs), arguments.keras)


@cache
def _wanted(
    each: int, most: int, operators: tuple[str, ...] | None, programs: tuple[str, ...], keras: bool
) -> tuple[Product, ...]:
    found = list(products(each, most, operators, keras=keras))
    if not keras and (operators is None or "pairs" in operators):
        found += list(pairs(SEED, PAIRS))
    if programs:
        found = [product for product in found if any(text in product.name for text in programs)]
    random.Random(SEED).shuffle(found)
    gc.freeze()  # thousands of syntax trees that stay: the collector need not walk them after each graph
    return tuple(found)


def read_all(arguments: argparse.Namespace) -> int:
    """Read what is built, what was never read first; say what is read wrongly."""
    found = [
        entry
        for entry in entries([product.name for product in wanted(arguments)])
        if entry.right or not arguments.right
    ]
    mode = "static" if arguments.static else "lab"
    last = {(row.name, row.digest): row for row in reading.rows() if row.mode == mode}
    lab = None if arguments.static else _lab()
    count: Counter[str] = Counter()
    began = time.monotonic()
    limit = 60 * arguments.minutes if arguments.minutes else float("inf")
    found.sort(key=lambda entry: (entry.name, entry.digest) in last)
    for entry in found[: arguments.limit]:
        row = last.get((entry.name, entry.digest))
        if row is None or row.reader != reading.reader_hash():
            if time.monotonic() - began > limit:
                continue
            row = reading.read(entry, lab, mode)
            reading.keep(row)
        verdict = reading.verdict(entry, row)
        count[verdict] += 1
        if verdict != "right":
            sys.stdout.write(f"{verdict}: {entry.name}\n    wanted {_codes(entry.codes)}; said {_codes(row.faults)}")
            sys.stdout.write(f"; remarks {_codes(row.remarks)}; undecided {list(row.undecided)} {row.problem}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{dict(count)} in {time.monotonic() - began:.0f} s at {reading.commit()}\n")
    return 0


def train_sample(arguments: argparse.Namespace) -> int:
    """Train a fixed sample for a short while, what was never trained; say whose label training contradicts."""
    chosen = trained.sample(sorted(entries([p.name for p in wanted(arguments)]), key=lambda entry: entry.name))
    track = _track(arguments)
    rows = {(row.name, row.digest): row for row in trained.kept(track)}
    lab, began = _lab(), time.monotonic()
    limit = 60 * arguments.minutes if arguments.minutes else float("inf")
    for entry in chosen:
        if (entry.name, entry.digest) not in rows and time.monotonic() - began < limit:
            rows[entry.name, entry.digest] = row = trained.measure(entry, lab)
            trained.write(list(rows.values()), track)  # what was trained is kept, though it be stopped
            if row.problem:
                sys.stdout.write(f"{row.name}: {row.problem}\n")
                sys.stdout.flush()
    done = [row for entry in chosen if (row := rows.get((entry.name, entry.digest)))]
    trained.write(done, track)
    sys.stdout.write(f"{len(done)} of {len(chosen)}, {sum(bool(row.problem) for row in done)} contradicted\n")
    return 0


def _track(arguments: argparse.Namespace) -> str:
    return "keras" if arguments.keras else "graphs"


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(codes) or "nothing"


def _lab() -> Any:
    from graphread.lab.local import LocalLab

    return LocalLab(timeout=60, threads=1)


def report(arguments: argparse.Namespace) -> int:
    """Make, read with a lab and without, and write evaluation/reader-report.md or reader-keras.md; goes on where it was."""
    states: Counter[str] = Counter()
    began = time.monotonic()
    for product in wanted(arguments):
        known = load(product.name)
        if known is None or known.digest != digest(product):
            if arguments.minutes and time.monotonic() - began > 60 * arguments.minutes:
                continue
            known = make(product)
        states[known.state] += 1
    read_all(arguments)
    read_all(argparse.Namespace(**{**vars(arguments), "static": True}))
    found = entries([product.name for product in wanted(arguments)])
    rows = list(reading.rows())
    track = _track(arguments)
    write(REPORTS[track], found, rows, states, explained(), list(trained.kept(track)))
    reading.export(found, track)
    return 0


def sample(arguments: argparse.Namespace) -> int:
    """Make the fixed sample afresh, or the products named, read it with a lab and without, print what was found as JSON."""
    lab = _lab()
    answer = {}
    with tempfile.TemporaryDirectory() as folder, kept_in(Path(folder)):
        for name in arguments.programs or (*RIGHT, *FAULTY, *UNCONFIRMED, *MODELS):
            entry = make(named(name))
            found: dict[str, object] = {"state": entry.state, "problems": entry.problems, "codes": entry.codes}
            if entry.state == "good":
                for mode, chosen in (("lab", lab), ("static", None)):
                    row = reading.read(entry, chosen, mode)
                    found[mode] = {**asdict(row), "verdict": reading.verdict(entry, row)}
            answer[name] = found
    sys.stdout.write(json.dumps(answer))
    return 0


def explained() -> dict[str, str]:
    """Why products are read wrongly, by parts of their names, as somebody wrote it down."""
    path = Path(__file__).with_name("explained.json")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, action in (
        ("read", read_all),
        ("train", train_sample),
        ("report", report),
        ("sample", sample),
    ):
        command = commands.add_parser(name, help=action.__doc__)
        command.set_defaults(action=action)
        command.add_argument("programs", nargs="*", help="parts of products' names; all if none")
        command.add_argument("--operators", nargs="+", help="operators' names; 'none' is the program itself")
        command.add_argument("--each", type=int, default=1, help="variants of an operator on a program")
        command.add_argument("--most", type=int, default=40, help="products of an operator")
        command.add_argument("--limit", type=int, default=None, help="read at most so many")
        command.add_argument("--minutes", type=float, default=None, help="begin nothing new after so many, each way")
        command.add_argument("--static", action="store_true", help="read without a lab")
        command.add_argument("--keras", action="store_true", help="programs of Keras, in place of graphs")
        command.add_argument("--right", action="store_true", help="read right networks only")
    arguments = parser.parse_args()
    return int(arguments.action(arguments))


if __name__ == "__main__":
    sys.exit(main())
