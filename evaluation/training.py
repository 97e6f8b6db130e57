"""Try right training loops and every mistake of `tests.training.operators` in them; rows go to ``evaluation/training.csv``.

Resumable: what was measured at the present commit is not measured again, and each batch is kept as soon as it is done.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evaluation.rows import append_row, measured_commit, rows_of
from netgrader.evidence import BadEvidence, read_evidence
from netgrader.judges.log import BadTrainingLog, read_training_log
from netgrader.judges.subject import Origins, origins
from netgrader.judges.training_loop import judge_training
from netgrader.student import load_mnist
from netgrader.student.course_data import data_spec
from tests.training.operators import OPERATORS, RIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROWS = HERE / "training.csv"
PROGRAM = HERE.parent / "tests" / "training" / "rehearsals.py"
COLUMNS = ("commit", "operator", "loop", "seed", "named", "remarks", "lost")
N_TRAIN, N_TEST = 1500, 500
CALLS = ({"n_epochs": 2, "mini_batch_size": 64}, {"n_epochs": 1, "mini_batch_size": 96})
BATCH = 60
NONE = "none"


class Product(NamedTuple):
    """A loop, the operator applied to it (`NONE` for none), and a random seed."""

    operator: str
    loop: str
    seed: int

    @property
    def source(self) -> str:
        """Return the program."""
        if self.operator == NONE:
            return str(RIGHT[self.loop])
        operator = next(one for one in OPERATORS if one.name == self.operator)
        return str(operator.applied_to(RIGHT[self.loop]))


def done(at: str) -> set[Product]:
    """Return what has been measured at this commit."""
    rows = [row for row in rows_of(ROWS) if row["commit"] == at]
    return {Product(row["operator"], row["loop"], int(row["seed"])) for row in rows}


def wanted(products: int) -> Iterator[Product]:
    """Yield `products` of each operator, over all loops and then over seeds, and as many right loops."""
    loops = list(RIGHT)
    for number in range(products):
        for shift, operator in enumerate([NONE, *(one.name for one in OPERATORS)]):
            yield Product(operator, loops[(number + 5 * shift) % len(loops)], number // len(loops))


def measure(batch: list[Product], raw: tuple[Any, Any]) -> Iterator[tuple[Product, str, str, str]]:
    """Yield each product with the codes named, remarks, and aspects that lose credit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (x_train, y_train), (x_test, y_test) = raw
        np.savez(
            folder / "data.npz",
            x_train=(x_train.reshape(N_TRAIN, -1) / 255).astype(np.float32),
            y_train_1_hot=np.eye(10)[y_train],
            x_test=(x_test.reshape(N_TEST, -1) / 255).astype(np.float32),
            y_test_1_hot=np.eye(10)[y_test],
        )
        jobs = {
            str(folder / str(number)): {
                "source": product.source,
                "data": str(folder / "data.npz"),
                "calls": CALLS,
                "seconds": 20.0,
                "seed": product.seed,
            }
            for number, product in enumerate(batch)
        }
        (folder / "jobs.json").write_text(json.dumps({"jobs": jobs}))
        subprocess.run([sys.executable, str(PROGRAM), str(folder / "jobs.json")], stderr=subprocess.PIPE, check=True)
        known: Origins | None = None
        for number, product in enumerate(batch):
            try:
                log = read_training_log(read_evidence(folder / str(number)), data_spec())
            except (BadEvidence, BadTrainingLog) as problem:
                yield product, f"({problem})", "", ""
                continue
            known = known or origins(log.tables, log.spec, *raw)
            training = judge_training(log, known)
            lost = [aspect for aspect, verdict in training.verdicts.items() if verdict.share < 1]
            yield product, " ".join(training.codes), " ".join(training.remarks), " ".join(lost)


def main() -> None:
    """Run all missing measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100, help="of each operator")
    products = parser.parse_args().products
    os.nice(10)
    at = measured_commit("packages/netgrader/src/netgrader/judges", "packages/netgrader/src/netgrader/student")
    (x_train, y_train), (x_test, y_test) = load_mnist()
    raw = (x_train[:N_TRAIN], y_train[:N_TRAIN]), (x_test[:N_TEST], y_test[:N_TEST])
    known = done(at)
    missing = [product for product in wanted(products) if product not in known]
    for start in range(0, len(missing), BATCH):
        for product, *found in list(measure(missing[start : start + BATCH], raw)):
            append_row(ROWS, COLUMNS, dict(zip(COLUMNS, (at, *product, *found), strict=True)))
        sys.stdout.write(f"{min(start + BATCH, len(missing)):,} of {len(missing):,} at {at}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
