"""Call many `train` functions with instruments, in a process with TensorFlow, and write their evidence.

Usage: ``rehearsals.py JOBS``, a JSON file with ``jobs``: by folder of evidence, the source code, its ``data`` (an npz
of the four arrays), ``calls``, ``seconds`` and, if it matters, a ``seed``. ``checks`` is the folder of another course's
``exercises.toml``; the digits course's if there is none.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow.compat.v1 as tf

from netgrader.checks.exercises import load_exercises
from netgrader.evidence import EvidenceWriter
from netgrader.student.capture import _Sink, _undisturbed
from netgrader.student.probes import Student
from netgrader.student.rehearsal import Call, rehearse
from netgrader.student.sessions import install
from tests.datasets import EXERCISES


def main(path: str) -> None:
    terms = json.loads(Path(path).read_text())
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    install()
    for folder, job in terms["jobs"].items():
        random.seed(job.get("seed", 4))
        np.random.seed(job.get("seed", 4))  # noqa: NPY002  (what the loops draw from)
        started = time.monotonic()
        source, arrays = job["source"], dict(np.load(job["data"]))
        calls = [Call(**call) for call in job["calls"]]
        namespace = {"np": np, "tf": tf, **{name: value.copy() for name, value in arrays.items()}}
        Path(folder).mkdir(parents=True)
        out = EvidenceWriter(folder, "check_train")
        student = Student(namespace, load_exercises(Path(terms["checks"])) if "checks" in terms else EXERCISES)
        with student.capturing(out, "train"), _undisturbed(_Sink()):
            exec(source, namespace)  # noqa: S102  (the loop under test)
            rehearse(student, out, calls, job["seconds"])
        changed = [name for name, value in arrays.items() if not _equal(namespace.get(name), value)]
        out.fact("changed", changed)
        out.fact("seconds", time.monotonic() - started)
        out.close()


def _equal(one: object, other: np.ndarray) -> bool:
    return isinstance(one, np.ndarray) and np.array_equal(one, other, equal_nan=other.dtype.kind == "f")


if __name__ == "__main__":
    main(sys.argv[1])
