"""Stand-ins for TensorFlow 1 and Keras programs: data sets, removed TensorFlow APIs, missing modules.

Runs in a sandbox together with `benchmark_stage.py`. Data are a few random rows; a missing module returns `Anything`, from
which no graph can be built.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import types
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tensorflow
import tensorflow.compat.v1 as tf1

tf1.disable_v2_behavior()
keras = tf1.keras

ROWS, TEST_ROWS = 600, 100


class Anything:
    """Stand-in for missing objects: supports calls, indexing, arithmetic, subclassing; not a number."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *found: Any, **__: object) -> Any:
        # As a decorator, it leaves a function unchanged.
        return found[0] if len(found) == 1 and isinstance(found[0], types.FunctionType) else Anything()

    def __mro_entries__(self, _bases: object) -> tuple[type, ...]:
        return (Anything,)

    def __iter__(self) -> Any:
        return iter((Anything(), Anything()))

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __getitem__(self, _: object) -> Any:
        return Anything()

    def __setitem__(self, *_: object) -> None: ...

    def __len__(self) -> int:
        return ROWS

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("data that are not here")

    def _same(self, *_: object) -> Any:
        return Anything()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _same
    __mod__ = __floordiv__ = __pow__ = __neg__ = __lt__ = __gt__ = _same


class Module(types.ModuleType):
    """A module in which every name exists, as `Anything`."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return []
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import hook from `keras…` and `tensorflow.keras…` to graph-mode Keras, else to `Anything`."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name.split(".")[0] == "keras" or name.startswith(("tensorflow.keras", "tensorflow.contrib")):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> Any:
        words = spec.name.removeprefix("tensorflow.").split(".")
        found: Any = {"keras": keras, "contrib": contrib}[words[0]]
        for word in words[1:]:  # names of a moved submodule are looked up in its parent
            found = getattr(found, word, found)
        module = types.ModuleType(spec.name)
        module.__dict__.update({name: getattr(found, name) for name in dir(found) if not name.startswith("_")})
        if words[0] == "keras":
            module.__dict__.update(OLD_KERAS)
        module.__path__ = []
        return module

    def exec_module(self, module: Any) -> None: ...


class Missing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import hook that finds missing modules as a `Module`."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name.split(".")[0] in ("tensorflow", "tf_keras", "tf_slim", "numpy") or name in NOT_OURS:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        return Module(spec.name)

    def exec_module(self, module: Any) -> None: ...


#: Modules whose importers work without them.
NOT_OURS = {"_pytest", "cupy", "torch", "jax", "dask", "h5py", "sitecustomize", "usercustomize"}


# ---- Data ---------------------------------------------------------------------------------------------------------------

chance = np.random.default_rng(0)


def arrays(shape: tuple[int, ...], classes: int, column: bool) -> Any:
    """Return a loader like Keras's: random grayscale images and classes, for training and test."""

    def load(*_: object, **__: object) -> Any:
        parts = []
        for rows in (ROWS, TEST_ROWS):
            labels = chance.integers(0, classes, (rows, 1) if column else (rows,)).astype(np.uint8)
            parts.append((chance.integers(0, 256, (rows, *shape)).astype(np.uint8), labels))
        return tuple(parts)

    return load


class _Part:
    def __init__(self, rows: int, one_hot: bool, flat: bool) -> None:
        digits = chance.integers(0, 10, rows)
        self.images = chance.random((rows, 784) if flat else (rows, 28, 28, 1)).astype(np.float32)
        self.labels = np.eye(10)[digits] if one_hot else digits.astype(np.uint8)
        self.num_examples = rows

    def next_batch(self, size: int, *_: object, **__: object) -> tuple[Any, Any]:
        rows = chance.integers(0, self.num_examples, size)
        return self.images[rows], self.labels[rows]


def read_data_sets(_folder: object = "", *, one_hot: bool = False, reshape: bool = True, **__: object) -> Any:
    """Return the data set of TensorFlow's old tutorials, with random content."""
    names = {"train": ROWS, "validation": TEST_ROWS, "test": TEST_ROWS}
    return types.SimpleNamespace(**{name: _Part(rows, one_hot, reshape) for name, rows in names.items()})


def picture(*given: Any, **__: object) -> Any:
    """Return a random picture of the requested size."""
    height, width = given[1][:2] if len(given) > 1 and isinstance(given[1], list | tuple) else (218, 178)
    return chance.integers(0, 256, (int(height), int(width), 3)).astype(np.uint8)


def retrieve(_address: str, path: str = "downloaded", *_: object, **__: object) -> tuple[str, dict[str, str]]:
    """Create an empty file in place of a download."""
    Path(path).touch()
    return path, {}


def either(here: Any, otherwise: Any) -> Any:
    """Return a function that answers with `here`, or with `otherwise` if the data are missing."""

    def ask(path: Any, *rest: Any, **options: Any) -> Any:
        return here(path, *rest, **options) or otherwise(str(path))

    return ask


#: File suffixes of data.
DATA = (".bin", ".tfrecord", ".tfrecords", ".jpg", ".jpeg", ".png")
#: MNIST's unpacked files: no program reads them before training, so they are sparse files.
MNIST = {
    "train-images-idx3-ubyte": 16 + 60000 * 784,
    "train-labels-idx1-ubyte": 8 + 60000,
    "t10k-images-idx3-ubyte": 16 + 10000 * 784,
    "t10k-labels-idx1-ubyte": 8 + 10000,
}


# ---- Removed TensorFlow APIs ---------------------------------------------------------------------------------------------


def _slim() -> Any:
    try:
        import tf_slim
    except Exception:  # it may need an older TensorFlow
        return None
    return tf_slim


def _fully_connected(x: Any, num_outputs: int, activation_fn: Any = tf1.nn.relu, **options: Any) -> Any:
    kernel = options.get("weights_initializer") or tf1.glorot_uniform_initializer()
    return tf1.layers.dense(x, num_outputs, activation_fn, kernel_initializer=kernel)


class _Contrib(types.SimpleNamespace):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


def _contrib() -> Any:
    slim = _slim()
    layers = slim or types.SimpleNamespace(
        fully_connected=_fully_connected, flatten=tf1.layers.flatten, xavier_initializer=tf1.glorot_uniform_initializer
    )
    rnn = types.SimpleNamespace(
        **{name: getattr(tf1.nn.rnn_cell, name) for name in dir(tf1.nn.rnn_cell)}, static_rnn=tf1.nn.static_rnn
    )
    framework = _Contrib(
        **{name: getattr(one, name) for one in (tf1.train, slim) for name in dir(one) if not name.startswith("_")}
    )
    deprecated = types.SimpleNamespace(
        **{f"{name}_summary": getattr(tf1.summary, name) for name in ("scalar", "histogram", "image", "merge")}
    )
    return _Contrib(layers=layers, slim=slim, rnn=rnn, framework=framework, deprecated=deprecated)


contrib = _contrib()


def _concat(values: Any, axis: Any, name: str = "concat") -> Any:
    """Concatenate with the arguments of any version: before 1.0 the axis came first."""
    return tf1.concat(axis, values, name) if isinstance(values, int) else tf1.concat(values, axis, name)


def _split(*values: Any, **options: Any) -> Any:
    """Split, likewise."""
    old = len(values) == 3 and isinstance(values[0], int)
    return tf1.split(*(values[2], values[1], values[0]) if old else values, **options)


def transposed_convolution(*values: Any, **options: Any) -> Any:
    """Return a transposed convolution with its static shape set if given."""
    result = transposed(*values, **options)
    shape = options.get("output_shape", values[2] if len(values) > 2 else None)
    if isinstance(shape, list | tuple) and all(isinstance(one, int) for one in shape):
        result.set_shape(shape)
    return result


transposed = tf1.nn.conv2d_transpose


def _keras_layer(kind: Any) -> Any:
    """Return a layer class that also accepts the argument names of Keras 1."""
    names = {"init": "kernel_initializer", "border_mode": "padding", "subsample": "strides", "nb_filter": "filters"}

    def make(*values: Any, **options: Any) -> Any:
        return kind(*values, **{names.get(name, name): value for name, value in options.items()})

    return make


OLD_TENSORFLOW = {
    "contrib": contrib,
    "concat": _concat,
    "split": _split,
    "mul": tf1.multiply,
    "sub": tf1.subtract,
    "neg": tf1.negative,
    "pack": tf1.stack,
    "unpack": tf1.unstack,
    "initialize_all_variables": tf1.global_variables_initializer,
    "all_variables": tf1.global_variables,
    "scalar_summary": tf1.summary.scalar,
    "histogram_summary": tf1.summary.histogram,
    "image_summary": tf1.summary.image,
    "merge_summary": tf1.summary.merge,
    "merge_all_summaries": tf1.summary.merge_all,
    "Print": lambda value, *_, **__: value,
}


def cross_entropy(kind: Any, version: str) -> Any:
    """Return a loss with a version's arguments: before 1.0 logits first, later by name only."""

    def loss(*values: Any, **options: Any) -> Any:
        if values and version.startswith("1."):
            raise ValueError("Only call with named arguments (labels=..., logits=..., ...)")
        if "targets" in options:
            options["labels"] = options.pop("targets")
        return kind(**dict(zip(("logits", "labels"), values, strict=False)), **options)

    return loss


def integer(name: str, default: Any, *rest: Any, **options: Any) -> Any:
    """Define a flag whose default may be infinite, as before flags were validated."""
    define = tf1.app.flags.DEFINE_float if isinstance(default, float) else define_integer
    return define(name, default, *rest, **options)


define_integer = tf1.app.flags.DEFINE_integer
OLD_KERAS = {
    "Convolution1D": _keras_layer(keras.layers.Conv1D),
    "Convolution2D": _keras_layer(keras.layers.Conv2D),
    "Dense": _keras_layer(keras.layers.Dense),
    "MaxPool2D": keras.layers.MaxPooling2D,
    "maxnorm": keras.constraints.max_norm,
    "np_utils": keras.utils,
    "merge": Anything(),
    "Graph": Anything(),
}


def stand_in() -> Any:
    """Return the module that programs import as `tensorflow`: version 1's names, and the stand-ins."""

    class Old(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name in OLD_TENSORFLOW:
                return OLD_TENSORFLOW[name]
            return getattr(tf1, name) if hasattr(tf1, name) else getattr(tensorflow, name)

    module = Old("tensorflow")
    module.__path__ = tensorflow.__path__
    module.__file__ = tensorflow.__file__
    module.__version__ = "1.8.0"
    return module
