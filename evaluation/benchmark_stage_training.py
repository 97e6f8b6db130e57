"""Run TheDeepChecker's programs in a sandbox until they hand over graph and data, and record these.

    python benchmark_stage_training.py JOBS OUT

Each job, ``{"program": …, "loop": …, "factor": …}``, runs in its own fork. For a *loop*, the minibatches of the program's
loader are fed to the course's instrument, whose evidence goes to ``OUT/NUMBER/evidence``. Otherwise the graph, with the
learning rate multiplied by the factor, and the loader's rows are written to ``OUT/NUMBER``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
import types
from pathlib import Path
from typing import Any, NoReturn

import benchmark_stage as stage
import numpy as np
import tensorflow
import tensorflow.compat.v1 as tf1
from benchmark_stand_ins import Module, keras
from tensorflow.python.client.session import BaseSession

from netgrader.evidence import EvidenceWriter
from netgrader.student import sessions
from netgrader.student.course_data import checks_folder, load_exercises
from netgrader.student.probes import Student
from netgrader.student.rehearsal import Call, rehearse

GIVEN = Path("/run/given/TheDeepChecker")
CALLS = (Call(2, 64), Call(1, 96))
SECONDS = 300
OPTIMIZERS = ("GradientDescentOptimizer", "AdamOptimizer", "MomentumOptimizer", "RMSPropOptimizer", "AdagradOptimizer")
run = BaseSession.run


class HandedOverError(BaseException):
    """Raised when a program has handed over its data, its last action; no program catches it."""


class Interfaces(Module):
    """Stand-in for TheDeepChecker's module: records what a program hands over."""

    parts: dict[str, Any]
    loaders: tuple[Any, Any]

    def build_model_interface(self, **parts: Any) -> Any:
        self.parts = parts
        return self

    def build_data_interface(self, loader: Any, test: Any, **_: object) -> NoReturn:
        self.loaders = loader, test
        raise HandedOverError


def loaders() -> types.ModuleType:
    """Return TheDeepChecker's own loader module, which needs three names of its settings."""
    settings = types.ModuleType("deep_checker.settings")
    settings.__dict__.update(CLASSIFICATION_KEY="classification", REGRESSION_KEY="regression", EPSILON=1e-16)
    sys.modules["deep_checker.settings"] = settings
    module = types.ModuleType("deep_checker.data")
    exec((GIVEN / "deep_checker" / "data.py").read_text(encoding="utf-8"), module.__dict__)
    return module


def installed(digits: Any, factor: float) -> Interfaces:
    """Install stand-ins: digits for all images, optimizers that scale learning rates by `factor`."""
    stage.install("")
    BaseSession.run = run
    handed = Interfaces("interfaces")
    data = loaders()
    for name, module in (("interfaces", handed), ("data", data)):
        sys.modules[name] = sys.modules[f"deep_checker.{name}"] = module
        setattr(sys.modules["deep_checker"], name, module)
    train, test = ((digits[f"x_{part}"], digits[f"y_{part}"]) for part in ("train", "test"))
    keras.datasets.mnist.load_data = lambda: (train, test)
    keras.datasets.cifar10.load_data = lambda: tuple(
        (np.repeat(images[..., None], 3, axis=3), classes[:, None]) for images, classes in (train, test)
    )
    for name in OPTIMIZERS:
        kind = getattr(tf1.train, name)

        def scaled(self: Any, learning_rate: float, *more: Any, _init: Any = kind.__init__, **options: Any) -> None:
            _init(self, learning_rate * factor, *more, **options)

        kind.__init__ = scaled
    return handed


def play(job: dict[str, Any], digits: Any, out: Path) -> None:
    """Run a program until it hands over its data, and write the data to judge."""
    path = GIVEN / job["program"]
    os.chdir(path.parent)
    handed = installed(digits, job["factor"])
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - what programs use
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__ | {"__name__": "__main__"})
    except HandedOverError:
        pass
    else:
        raise ValueError("it handed nothing over")
    if job["loop"]:
        looped(*handed.loaders, digits, out)
        return
    parts = {name: handed.parts[name].name for name in ("features", "targets", "loss", "train_op")}
    (out / "parts.json").write_text(json.dumps(parts), encoding="utf-8")
    np.savez(out / "rows.npz", x=handed.loaders[0].features, y=handed.loaders[0].targets)
    graph = handed.parts["loss"].graph
    (out / "graph.pb").write_bytes(tf1.train.export_meta_graph(graph=graph, clear_devices=True).SerializeToString())


def flat(images: Any) -> Any:
    """Return images as the instrument's rows, (n, pixels); of color channels, which are equal, the first."""
    return (images[..., 0] if images.ndim > 3 else images).reshape(len(images), -1)


def looped(loader: Any, test: Any, digits: Any, out: Path) -> None:
    """Feed the loaders' minibatches to the instrument in the simplest training loop."""
    arrays = {}
    for part in ("train", "test"):
        arrays[f"x_{part}"] = (digits[f"x_{part}"].reshape(len(digits[f"x_{part}"]), -1) / 255).astype(np.float32)
        arrays[f"y_{part}_1_hot"] = np.eye(10, dtype=np.float32)[digits[f"y_{part}"]]

    def train(sess: Any, net: Any, n_epochs: int, mini_batch_size: int = 64) -> Any:
        with net.graph.as_default():
            sess.run(tf1.global_variables_initializer())
        found: tuple[list[float], list[float]] = ([], [])
        for _ in range(n_epochs):
            for _ in range(loader.get_epochs(mini_batch_size)):
                x, y = loader.next_batch(mini_batch_size)
                sess.run(net.train_op, {net.X: flat(x), net.Y: y})
            for kept, one in zip(found, (loader, test), strict=True):
                kept.append(sess.run(net.accuracy, {net.X: flat(one.features), net.Y: one.targets}))
        return found

    sys.modules["tensorflow"] = tensorflow
    sessions.install()
    folder = out / "evidence"
    folder.mkdir()
    writer = EvidenceWriter(folder, "check_train")
    student = Student({"np": np, "tf": tf1, "train": train, **arrays}, load_exercises(checks_folder()))
    with student.capturing(writer, "train"):
        rehearse(student, writer, CALLS, SECONDS)
    writer.close()


def main() -> None:
    """Run the jobs one after the other, each in a fork."""
    tf1.disable_v2_behavior()
    digits = dict(np.load("digits.npz"))
    for number, job in enumerate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        out = Path(sys.argv[2]) / str(number)
        out.mkdir()
        child = os.fork()
        if not child:
            signal.alarm(2 * SECONDS)
            try:
                play(job, digits, out)
            except Exception as error:
                traceback.print_exc()
                (out / "raised").write_text(f"{type(error).__name__}: {error}"[:300], encoding="utf-8")
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
