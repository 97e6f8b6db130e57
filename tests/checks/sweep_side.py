"""Record a probe's evidence of sweeps in courses other than digits, in a separate process.

The argument is a JSON file with an object: by the folder of evidence, which has a folder for each cell, the student's ``source``
and the course's ``checks``. Each runs in a fork of its own, as a notebook has a kernel of its own.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np  # isort: skip
import tensorflow.compat.v1 as tf  # isort: skip
from netgrader.checks.exercises import load_exercises
from netgrader.data import load_data
from netgrader.student import setup
from netgrader.student.capture import take

CELL = "check_the_sweep"
CELLS = ("check_prepare_data", "check_network", CELL)


def run(out: Path, source: str, checks: Path) -> None:
    """Do what the student does, and take the evidence."""
    spec = load_exercises(checks).data
    (x_train, y_train), (x_test, y_test) = load_data(spec, checks.parent / spec.file)
    namespace = {
        "__name__": "__main__",
        "np": np,
        "tf": tf,
        "SimpleNamespace": SimpleNamespace,
        "x_train": spec.prepared(x_train, x_train),
        "x_test": spec.prepared(x_test, x_train),
        "y_train_1_hot": spec.label_rows(y_train),
        "y_test_1_hot": spec.label_rows(y_test),
    }
    tf.disable_v2_behavior()
    np.random.seed(1)  # noqa: NPY002  (the one that students use)
    exec(compile(source, "notebook", "exec"), namespace)  # noqa: S102  (a student's, of our own writing)
    for cell in CELLS:
        (out / cell).mkdir(parents=True)
        take(cell, namespace, out / cell, checks)


if __name__ == "__main__":
    setup()  # as the first cell of a notebook does
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    failed = 0
    for folder, job in jobs.items():
        child = os.fork()
        if not child:
            run(Path(folder), job["source"], Path(job["checks"]))
            os._exit(0)
        failed |= os.waitpid(child, 0)[1]
    sys.exit(bool(failed))
