"""Training loops, right and wrong, each tried once for all tests, in a separate process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from netgrader.evidence import Evidence, read_evidence
from netgrader.judges.log import read_training_log
from netgrader.judges.subject import origins
from netgrader.judges.training_loop import Training, judge_training
from netgrader.student import load_mnist
from tests.datasets import DIGITS
from tests.golden.archive import digest
from tests.processes import run_program

N_TRAIN, N_TEST = 1500, 500
LONGEST = 3600


def as_asked(part):
    """Images as rows between 0 and 1, and their classes."""
    images, labels = part
    return (images.reshape(len(images), -1) / 255).astype(np.float32), labels


class Rehearsals:
    """Evidence and verdicts of loops by name."""

    def __init__(self, folder: Path, raw: tuple) -> None:
        self._folder = folder
        self._raw = raw
        self._judged: dict[str, Training] = {}

    def evidence(self, name: str) -> Evidence:
        given = {} if self._raw is None else {"x_train_2d": self._raw[0][0], "x_test_2d": self._raw[1][0]}
        return read_evidence(self._folder / name, given)

    def training(self, name: str) -> Training:
        if name not in self._judged:
            log = read_training_log(self.evidence(name), DIGITS)
            self._judged[name] = judge_training(log, origins(log.tables, DIGITS, *map(as_asked, self._raw)))
        return self._judged[name]


@pytest.fixture(scope="session")
def raw():
    """A small part of MNIST, as it is."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    return (x_train[:N_TRAIN], y_train[:N_TRAIN]), (x_test[:N_TEST], y_test[:N_TEST])


@pytest.fixture(scope="session")
def arrays(raw):
    """The same as a student's arrays."""
    (x_train, y_train), (x_test, y_test) = raw
    return {
        "x_train": (x_train.reshape(N_TRAIN, 784) / 255).astype(np.float32),
        "y_train_1_hot": np.eye(10)[y_train],
        "x_test": (x_test.reshape(N_TEST, 784) / 255).astype(np.float32),
        "y_test_1_hot": np.eye(10)[y_test],
    }


@pytest.fixture(scope="module")
def rehearse(tmp_path_factory, arrays, recorded):
    """Try out loops: ``rehearse(sources by name)``, with other calls and limits if given, gives their `Rehearsals`.

    `data` replaces the arrays for all loops, `data_of` for some, by name. What they hand over comes from the archive,
    but for those that are `live`: names, or True for all.
    """

    def run(sources, *, calls=((2, 64), (1, 96)), seconds=8.0, data=None, data_of=None, raw=None, live=()):
        folder = tmp_path_factory.mktemp("rehearsals")
        values = {name: (data_of or {}).get(name, data or arrays) for name in sources}
        terms = {
            name: {
                "source": source,
                "calls": [{"n_epochs": n_epochs, "mini_batch_size": size} for n_epochs, size in calls],
                "seconds": seconds,
            }
            for name, source in sources.items()
        }
        prints = {id(one): fingerprint(one) for one in values.values()}
        wanted = {name: {**of, "data": prints[id(values[name])]} for name, of in terms.items()}
        now = sources if live is True else live

        def make(names):
            tried_out(folder, {name: terms[name] for name in names}, values)

        recorded.obtain(folder, wanted, make, now)
        return Rehearsals(folder, raw)

    return run


def fingerprint(arrays):
    """What tells these arrays from others."""
    return {name: [str(a.dtype), a.shape, digest(np.ascontiguousarray(a).tobytes())] for name, a in arrays.items()}


def tried_out(folder, terms, values):
    """Run the program on all loops, each with its arrays."""
    files, jobs = {}, {}
    for name, of in terms.items():
        arrays = values[name]
        if id(arrays) not in files:
            files[id(arrays)] = str(folder / f"data{len(files)}.npz")
            np.savez(files[id(arrays)], **arrays)
        jobs[str(folder / name)] = {**of, "data": files[id(arrays)]}
    (folder / "jobs.json").write_text(json.dumps({"jobs": jobs}))
    program = Path(__file__).with_name("rehearsals.py")
    run_program(program, folder / "jobs.json", seconds=LONGEST)
