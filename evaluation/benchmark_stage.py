"""Run third-party TensorFlow 1 and Keras programs in a sandbox, on stand-ins, until training begins.

    python benchmark_stage.py JOBS OUT

Each job, ``[root, program, [argument, …]]``, runs in its own fork, in a copy of its root. It writes its graph to
``OUT/NUMBER/graph.pb`` and the way the program ended to ``OUT/NUMBER/ended``. Nothing of the package is imported.
"""

from __future__ import annotations

import ast
import builtins
import glob
import importlib.abc
import importlib.machinery
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tarfile
import traceback
import types
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tensorflow.compat.v1 as tf1
from benchmark_stand_ins import (
    DATA,
    MNIST,
    OLD_KERAS,
    ROWS,
    Alias,
    Anything,
    Missing,
    Module,
    arrays,
    cross_entropy,
    either,
    integer,
    keras,
    picture,
    read_data_sets,
    retrieve,
    stand_in,
    transposed_convolution,
)
from tensorflow.python.client.session import BaseSession
from tensorflow.python.framework import ops
from tensorflow.python.ops import control_flow_ops
from tensorflow.python.platform import gfile
from tf_keras.src.engine import training_v1  # after the stand-ins, since it checks what they switch off

SECONDS = 120
#: Ops that change a variable by a gradient.
STEPS = ("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply", "AssignSub", "AssignAdd")
seen: list[Any] = []
"""The graph of the session that ran last."""
out = Path()
"""Output folder of the current job."""
run = BaseSession.run


def end(how: str, graph: Any = None) -> NoReturn:
    """Write the graph and the way the program ended, and exit."""
    graph = graph or max([*seen, tf1.get_default_graph()], key=lambda one: len(one.get_operations()))
    if graph.get_operations():
        content = tf1.train.export_meta_graph(graph=graph, clear_devices=True).SerializeToString()
        (out / "graph.pb").write_bytes(content)
    (out / "ended").write_text(how[:300], encoding="utf-8", errors="replace")
    os._exit(0)


def trains(graph: Any, fetches: Any) -> bool:
    """Whether running these fetches changes a trainable variable by a gradient."""
    trainable = {one.op.name for one in graph.get_collection("trainable_variables")}
    todo, known = [], set()
    for one in tf1.nest.flatten(fetches):
        found = graph.as_graph_element(one) if isinstance(one, str) else one
        todo.append(found if isinstance(found, tf1.Operation) else getattr(found, "op", None))
    while todo:
        op = todo.pop()
        if op is None or op in known:
            continue
        known.add(op)
        if op.type.startswith(STEPS[:4]) or (op.type.startswith(STEPS[4:]) and op.inputs[0].op.name in trainable):
            return True
        todo += [*(tensor.op for tensor in op.inputs), *op.control_inputs]
    return False


def watched(session: Any, fetches: Any, *rest: Any, **options: Any) -> Any:
    """Run steps that do not train; end the program at the first one that does."""
    seen[:] = [session.graph]
    if trains(session.graph, fetches):
        end("at training", session.graph)
    return run(session, fetches, *rest, **options)


def fitted(model: Any, *_: object, **__: object) -> NoReturn:
    """Build the training graph of a Keras model, and end the program."""
    graph = keras.backend.get_session().graph
    try:
        with graph.as_default():
            model._make_train_function()
    except Exception as error:
        end(f"raised {type(error).__name__}: {error}", graph)
    end("at training", graph)


class Interfaces(Module):
    """Stand-in for TheDeepChecker's module: a program that hands over its graph has finished building it."""

    def build_model_interface(self, **parts: Any) -> NoReturn:
        end("at training", parts["loss"].graph)


class NeuraLint(Module):
    """Stand-in for NeuraLint's library, likewise."""

    def check(self, model: Any) -> NoReturn:
        fitted(model)


def install(version: str) -> None:
    """Install all stand-ins for programs that require this TensorFlow version; empty for any."""
    tutorials = types.ModuleType("tensorflow.examples.tutorials.mnist")
    tutorials.input_data = types.ModuleType("input_data")  # type: ignore[attr-defined]
    tutorials.input_data.read_data_sets = read_data_sets  # type: ignore[attr-defined]
    old = stand_in()
    sys.modules.update(
        {
            "tensorflow": old,
            "tensorflow.examples": Module("tensorflow.examples"),
            "tensorflow.examples.tutorials": Module("tensorflow.examples.tutorials"),
            "tensorflow.examples.tutorials.mnist": tutorials,
            "tensorflow.examples.tutorials.mnist.input_data": tutorials.input_data,  # type: ignore[attr-defined]
            "input_data": tutorials.input_data,  # type: ignore[attr-defined]
            "interfaces": Interfaces("interfaces"),
            "deep_checker.interfaces": Interfaces("deep_checker.interfaces"),
            "neuraLint": NeuraLint("neuraLint"),
        }
    )
    for name in ("deep_checker", "deep_checker.checkers", "deep_checker.data", "deep_checker.settings", "tfcheck"):
        sys.modules[name] = Module(name)
    sys.modules["deep_checker"].interfaces = sys.modules["deep_checker.interfaces"]
    for name in [name for name in sys.modules if name.split(".")[0] == "keras"]:
        del sys.modules[name]
    sys.meta_path.insert(0, Alias())
    sys.meta_path.append(Missing())
    scipy = importlib.import_module("scipy")
    sys.modules["scipy.misc"] = scipy.misc = Module("scipy.misc")
    scipy.misc.imread = scipy.misc.imresize = picture  # type: ignore[attr-defined]
    datasets = keras.datasets
    datasets.mnist.load_data = arrays((28, 28), 10, column=False)
    datasets.fashion_mnist.load_data = arrays((28, 28), 10, column=False)
    datasets.cifar10.load_data = arrays((32, 32, 3), 10, column=True)
    datasets.cifar100.load_data = arrays((32, 32, 3), 100, column=True)
    for kind in (training_v1.Model, keras.Model, keras.Sequential):
        kind.fit = kind.fit_generator = kind.train_on_batch = fitted
    BaseSession.run = watched
    keras.preprocessing.image.ImageDataGenerator.flow_from_directory = lambda *_, **__: Anything()
    keras.backend.set_image_dim_ordering = lambda _: None
    glob.glob = either(
        glob.glob,
        lambda name: [name.replace("*", str(one)) for one in range(ROWS if name.lower().endswith(DATA) else 0)],
    )
    for place in (tf1.gfile, gfile):
        place.Glob = either(place.Glob, lambda name: [name.replace("*", str(one)) for one in range(9) if "*" in name])
        place.Exists = either(place.Exists, lambda name: name.lower().endswith(DATA))
    for kind in ("softmax", "sparse_softmax", "sigmoid"):
        name = f"{kind}_cross_entropy_with_logits"
        setattr(tf1.nn, name, cross_entropy(getattr(tf1.nn, name), version))
    tf1.app.flags.DEFINE_integer = integer
    for place, names in ((control_flow_ops, ("case", "cond", "while_loop")), (ops, ("Tensor",))):
        for name in names:  # these names were moved
            setattr(place, name, getattr(tf1, name))
    tf1.nn.conv2d_transpose = transposed_convolution
    urllib.request.urlretrieve = retrieve
    tarfile.open = lambda *_, **__: Anything()
    builtins.xrange = range  # type: ignore[attr-defined]
    for name, kind in {"float": float, "int": int}.items():
        setattr(np, name, kind)  # aliases that NumPy 1.24 removed


def names_of_snippet(tree: ast.Module) -> dict[str, Any]:
    """Return names that a snippet presumes: Keras's own where they exist, data and settings as `Anything`."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    places = (keras.layers, keras.models, keras.optimizers, keras.callbacks, keras.regularizers, keras)
    found: dict[str, Any] = {}
    bound = {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for name in used - bound - defined - arguments - set(dir(__builtins__)):
        own = {"np": np, "keras": keras, "K": keras.backend, "model": keras.Sequential(), **OLD_KERAS}
        given = [getattr(place, name) for place in places if hasattr(place, name)]
        found[name] = own[name] if name in own else given[0] if given else Anything()
    return found


def play(root: Path, program: str, arguments: list[str]) -> NoReturn:
    """Run a program in a copy of its folder."""
    starts = [one for one in (root / program, root.parent / "test_script.py") if one.is_file()]
    found = [re.search(r"__version__[^\n]*== *[\"']([\d.]+)", one.read_text(errors="replace")) for one in starts]
    version = next((one[1] for one in found if one), "")
    work = Path.home() / "work" / root.name  # some programs check the name of their folder
    shutil.copytree(root, work)
    if root.name.endswith(("-buggy", "-fix")) and (root.parent / "data").is_dir():  # one data folder for both versions
        shutil.copytree(root.parent / "data", work / "data", dirs_exist_ok=True)
    path = work / program
    os.chdir(path.parent if len(Path(program).parts) == 1 else work)
    sys.path[:0] = [str(path.parent), str(work), str(work / "utils")]
    install(version)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - what programs use
    data = Path("data/mnist")
    if not data.exists():
        data.mkdir(parents=True)
        for name, size in MNIST.items():
            with (data / name).open("wb") as file:
                file.truncate(size)
    for source in work.rglob("*.py"):  # Python 2 names
        text = source.read_text(encoding="utf-8", errors="replace")
        if ".iteritems()" in text:
            source.write_text(text.replace(".iteritems()", ".items()"), encoding="utf-8")
    sys.modules["__main__"] = module = types.ModuleType("__main__")  # `app.run` looks for `main` there
    names = module.__dict__
    how = "at its end"
    try:
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
        kept = [node for node in tree.body if not (isinstance(node, ast.Assert) and "__version__" in ast.unparse(node))]
        tree.body = kept
        sys.argv = [str(path), *arguments]
        names |= {**names_of_snippet(tree), "__name__": "__main__", "__file__": str(path)}
        exec(compile(tree, str(path), "exec"), names)
    except SystemExit:
        pass
    except BaseException as error:
        traceback.print_exc()
        how = f"raised {type(error).__name__}: {error}"
    model = next((one for one in names.values() if isinstance(one, training_v1.Model) and one.optimizer), None)
    if model is not None:  # the program compiled a model, then failed for lack of data
        fitted(model)
    end(how)


def main() -> None:
    """Run the jobs one after the other, each in a fork."""
    global out
    for number, (root, program, arguments) in enumerate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        out = Path(sys.argv[2]) / str(number)
        out.mkdir()
        child = os.fork()
        if not child:
            signal.alarm(SECONDS)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            play(Path(root), program, arguments)
        _, status = os.waitpid(child, 0)
        if not (out / "ended").exists():
            (out / "ended").write_text(f"was ended: status {status}", encoding="utf-8")
        shutil.rmtree(Path.home() / "work", ignore_errors=True)


if __name__ == "__main__":
    main()
