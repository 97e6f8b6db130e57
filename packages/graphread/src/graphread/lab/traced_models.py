"""Convert a Keras model, or a file of one, to one graph by tracing."""

from __future__ import annotations

import re
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphread.graph.source import GraphError
from graphread.lab.keras_models import traced_model
from graphread.lab.traced import Traced, reason
from graphread.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ASKS_FOR_CODE = re.compile(r"safe_mode|[Cc]ould not locate (class|function)|custom_objects")


def is_traceable(thing: object) -> bool:
    """Whether an object is a Keras model, without importing Keras."""
    return isinstance(thing, getattr(sys.modules.get("keras"), "Model", ()))


def is_model_file(path: object) -> bool:
    """Whether a path has the suffix of a Keras model file."""
    return isinstance(path, str | Path) and Path(path).suffix == ".keras"


def traced(thing: Any, examples: object = None, shape: Sequence[int] | None = None) -> Traced:
    """Return the trace of a Keras model.

    Parameters
    ----------
    thing
        The model. Its variables are read and never changed; those that it has not built yet are built.
    examples
        An object or a mapping with `X` and `Y`, arrays of some rows, for a model that does not declare its shapes. Nothing is
        computed with them.
    shape
        Shape of one input, if neither the model nor an example determines it.

    Raises
    ------
    GraphError
        If the model cannot be traced; the message is a sentence.
    """
    import tensorflow as tf  # noqa: PLC0415 - in a cage

    if not tf.executing_eagerly():
        raise GraphError("A model is read where TensorFlow runs eagerly: without disable_v2_behavior().")
    if not is_traceable(thing):
        raise GraphError(Text("There is no model: it is an object of the kind {kind}.", kind=type(thing).__name__))
    given = {name: _spec(tf, part, name) for name in ("X", "Y") if (part := _part(examples, name)) is not None}
    with _sentences():
        return traced_model(tf, sys.modules["keras"], thing, given, shape)


def traced_file(path: Path) -> Traced:
    """Return the trace of an untrusted model file; sandbox only, since its weights and functions load.

    Raises
    ------
    GraphError
        If it cannot be loaded, or needs custom code; the message is a sentence.
    """
    sys.modules.pop("keras", None)  # the server blocks this import for plain graphs
    import keras  # noqa: PLC0415 - in a cage

    with _sentences():
        try:
            return traced(keras.saving.load_model(path, safe_mode=True))
        except (ValueError, TypeError) as error:
            if _ASKS_FOR_CODE.search(str(error)):
                raise GraphError(
                    "The model asks for code of its own, a Lambda layer or a class, which is never run."
                ) from error
            raise


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn any exception of an author's code, Keras or TensorFlow into `GraphError`; hide warnings."""
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
