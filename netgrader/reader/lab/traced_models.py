"""What is written without graphs, as one graph: a Keras model, a tf.Module, a tf.function, a SavedModel.

Functions are traced, never run.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.reader.graph.source import GraphError
from netgrader.reader.lab.keras_models import traced_model
from netgrader.reader.lab.traced import Traced, joined, reason
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ASKS_FOR_CODE = re.compile(r"safe_mode|[Cc]ould not locate (class|function)|custom_objects")


def is_traceable(thing: object) -> bool:
    """Whether a thing is a model or a function that can be traced; TensorFlow is not imported for that."""
    module = getattr(sys.modules.get("tensorflow"), "Module", ())
    return isinstance(thing, (_keras_model(), module, *_function_kinds()))


def _keras_model() -> Any:
    """Return the class of Keras's models; no class where Keras was not imported."""
    return getattr(sys.modules.get("keras"), "Model", ())


def _function_kinds() -> tuple[Any, Any]:
    """Return the classes of TensorFlow's functions; no class where TensorFlow was not imported."""
    kinds = getattr(getattr(sys.modules.get("tensorflow"), "types", None), "experimental", None)
    return getattr(kinds, "PolymorphicFunction", ()), getattr(kinds, "ConcreteFunction", ())


def is_model_file(path: object) -> bool:
    """Whether a path is of a Keras model or of a SavedModel's folder."""
    return isinstance(path, str | Path) and (Path(path).suffix == ".keras" or Path(path, "saved_model.pb").is_file())


def traced(thing: Any, examples: object = None, shape: Sequence[int] | None = None) -> Traced:
    """Trace a Keras model, a tf.Module, a tf.function or its concrete function.

    Parameters
    ----------
    thing
        What is traced. Its variables are read, and none is changed.
    examples
        An object or a mapping with `X` and `Y`, arrays of some rows, for what does not say its own shapes. Nothing is computed
        with them.
    shape
        Shape of an input without its rows, where neither the thing nor an example says it.

    Raises
    ------
    GraphError
        If it cannot be traced; the message is a sentence.
    """
    import tensorflow as tf  # noqa: PLC0415 - in a cage

    if not tf.executing_eagerly():
        raise GraphError("A model or a function is read where TensorFlow runs eagerly: without disable_v2_behavior().")
    if not is_traceable(thing):
        raise GraphError(Text("There is no model: it is an object of the kind {kind}.", kind=type(thing).__name__))
    given = [_spec(tf, part, name) for name in ("X", "Y") if (part := _part(examples, name)) is not None]
    with _sentences():
        if isinstance(thing, _keras_model()):
            return traced_model(tf, sys.modules["keras"], thing, given, shape)
        return _functions(tf, thing, given)


def traced_file(path: Path) -> Traced:
    """Trace the model in a file or folder of a stranger: in a cage only, for its weights and functions are loaded.

    Raises
    ------
    GraphError
        If it cannot be loaded, or asks for code of its own; the message is a sentence.
    """
    sys.modules.pop("keras", None)  # who runs graphs only keeps it from being imported
    import tensorflow as tf  # noqa: PLC0415 - in a cage

    with _sentences():
        if path.suffix == ".keras":
            import keras  # noqa: PLC0415 - likewise

            try:
                return traced(keras.saving.load_model(path, safe_mode=True))
            except (ValueError, TypeError) as error:
                if _ASKS_FOR_CODE.search(str(error)):
                    raise GraphError(
                        "The model asks for code of its own, a Lambda layer or a class, which is never run."
                    ) from error
                raise
        return _functions(tf, tf.saved_model.load(str(path)), [])


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn whatever an author's code, Keras or TensorFlow raises into a `GraphError`; warnings are not shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except GraphError:
        raise
    except Exception as error:  # a model's own code raises anything
        raise GraphError(Text("The model cannot be traced: {reason}.", reason=reason(error))) from error


def _part(examples: object, name: str) -> Any:
    found = examples.get(name) if hasattr(examples, "get") else getattr(examples, name, None)
    return None if found is None or isinstance(found, str) else found


def _spec(tf: Any, array: Any, name: str) -> Any:
    array = np.asarray(array)
    kind = tf.as_dtype(array.dtype)
    return tf.TensorSpec([None, *array.shape[1:]], tf.float32 if kind == tf.float64 else kind, name)


# Modules and functions ---------------------------------------------------------------------------------------------


def _functions(tf: Any, thing: Any, given: Sequence[Any]) -> Traced:
    """Trace what trains and what evaluates, of one function or of those that a thing has, on the same inputs."""
    concrete = [found for one in _own_functions(thing) if (found := _concrete(tf, one, given)) is not None]
    if not concrete:
        raise GraphError("No function says what it is fed: give it an input_signature, or examples X and Y.")
    named = {}
    for path, variable in _variables(tf, thing, concrete):
        layer = ".".join(path[:-1]) or path[-1]
        named[id(variable.handle)] = ("/".join(path), layer, bool(variable.trainable))
    return joined(tf, concrete, named, {})


def _own_functions(thing: Any) -> list[Any]:
    """A function itself, or those that a module or a loaded model has: its signatures where it has no others."""
    kinds = _function_kinds()
    if isinstance(thing, kinds):
        return [thing]
    names = [name for name in [*dir(type(thing)), *vars(thing)] if not name.startswith("_") or name == "__call__"]
    own = {name: getattr(thing, name) for name in names if isinstance(inspect.getattr_static(thing, name), kinds)}
    return list(own.values()) or list(getattr(thing, "signatures", {}).values())


def _concrete(tf: Any, function: Any, given: Sequence[Any]) -> Any:
    """The concrete function: by its signature, else as it was traced, else for the examples."""
    if isinstance(function, tf.types.experimental.ConcreteFunction):
        return function
    restored = getattr(function, "concrete_functions", None)
    if restored:
        return restored[0]
    if getattr(function, "input_signature", None) is not None:
        return function.get_concrete_function()
    for specs in [given[:count] for count in range(len(given), 0, -1)]:
        with suppress(TypeError, ValueError):
            return function.get_concrete_function(*specs)
    return None


def _variables(tf: Any, thing: Any, concrete: Sequence[Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The variables with where their author keeps them: by the attributes that lead to them, else by their names."""
    for variable in (variable for one in concrete for variable in one.graph.variables):
        yield tuple(variable.name.partition(":")[0].split("/")), variable
    if isinstance(thing, tf.Module):
        for path, variable in thing._flatten(predicate=lambda v: isinstance(v, tf.Variable), with_path=True):
            yield tuple(str(part) for part in path), variable
