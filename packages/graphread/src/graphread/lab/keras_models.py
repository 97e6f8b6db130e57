"""Convert a Keras model to one graph: evaluation and, if compiled, a training step."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from graphread.graph.source import GraphError
from graphread.lab.traced import SWITCH, Traced, as_traced, clean, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def traced_model(tf: Any, keras: Any, model: Any, given: Mapping[str, Any], shape: Sequence[int] | None) -> Traced:
    """Return the trace of evaluation and, if the model is compiled, of a training step.

    `given` are specs of examples of ``X`` and ``Y``, if there are any.
    """
    x = _model_inputs(tf, keras, model, given, shape)
    if not all(layer.built for layer in model._flatten_layers()):  # of a class, build() may leave the layers unbuilt
        model(keras.tree.map_structure(lambda spec: tf.zeros([1, *spec.shape[1:]], spec.dtype), x))
    compiled = getattr(model, "optimizer", None) is not None
    if compiled and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    spec = keras.tree.map_structure(lambda one: keras.KerasTensor(one.shape, one.dtype), x)
    out = model.compute_output_spec(spec, **_in_mode(model, training=False))
    if not compiled:
        return _traced_model(tf, model, x, None, out)
    own = type(model).train_step is not keras.Model.train_step
    labels = [given["Y"]] if "Y" in given else []
    labels += _label_specs(tf, keras, out)
    y, found = _first_taken(
        labels, lambda y: (_with_its_own_step if own else _with_the_step_of_keras)(tf, model, x, y, out)
    )
    if "Y" in given and y is not given["Y"]:
        return replace(found, refused=(str(given["Y"].shape), str(y.shape)))
    return found


def _first_taken(labels: Sequence[Any], trace: Callable[[Any], Traced]) -> tuple[Any, Traced]:
    """Return the first form of labels that a model accepts, and its trace; raise if there is none."""
    errors = []
    for y in labels:
        try:
            return y, trace(y)
        except Exception as error:  # noqa: BLE001 - an author's code raises anything; labels of another form, perhaps
            errors.append(error)
    raise errors[0]


def _named(model: Any) -> dict[int, tuple[str, str, bool]]:
    """Return, for a model's variables by handle id: name, layer, and whether it is trainable."""
    named = {id(v.value.handle): (v.path, _layer_of(v.path, model.name), v.trainable) for v in model.variables}
    return named | {
        id(v.value.handle): (v.path, "", False) for v in getattr(getattr(model, "optimizer", None), "variables", [])
    }


def as_it_began(optimizer: Any) -> dict[int, Any]:
    """Return the initial values of an optimizer's own variables by handle id, to read a step from.

    A custom optimizer that cannot be rebuilt keeps its current values.
    """
    try:
        twin = type(optimizer).from_config(optimizer.get_config())
        twin.build(optimizer._trainable_variables)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return {}
    pairs = zip(optimizer.variables, twin.variables, strict=False)
    return {id(old.value.handle): np.array(new) for old, new in pairs if old.shape == new.shape}


def _with_its_own_step(tf: Any, model: Any, x: Any, y: Any, out: Any) -> Traced:
    """Return the trace with a training step that the author has written."""
    evaluated = tf.function(lambda inputs: model(inputs, **_in_mode(model, training=False)), autograph=False)
    trained = tf.function(lambda inputs, targets: model.train_step((inputs, targets)), autograph=False)
    own = getattr(model, "_compile_metrics", None)
    try:
        vars(model)["_compile_metrics"] = _like(own, y, out)  # Keras would track an assigned metric
        trained.get_concrete_function(*_with_two_rows(tf, (x, y)))
        both = evaluated.get_concrete_function(x), trained.get_concrete_function(x, y)
        return joined(tf, *both, _named(model), as_it_began(model.optimizer))
    finally:
        vars(model)["_compile_metrics"] = own
        model._clear_losses()


def _like(own: Any, y: Any, out: Any) -> Any:
    """Return metrics like a model's own, built for these labels and outputs; None if it has none."""
    if own is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metrics = type(own)(own._user_metrics, own._user_weighted_metrics, output_names=own.output_names)
        metrics.build(y, out)
    return metrics


def _in_mode(model: Any, *, training: bool) -> dict[str, bool]:
    """Return the keyword argument that sets training or evaluation, if the model's `call` has one."""
    return {"training": training} if model._call_has_training_arg else {}


def _model_inputs(tf: Any, keras: Any, model: Any, given: Mapping[str, Any], shape: Sequence[int] | None) -> Any:
    """Return a model's inputs: declared, from an example, from an earlier call, or as required."""
    own = getattr(getattr(model, "_functional", None) or model, "_inputs_struct", None)  # a Sequential has one inside
    if own is not None:
        return keras.tree.map_structure(
            lambda one: tf.TensorSpec([None, *one.shape[1:]], one.dtype, clean(one.name)), own
        )
    if "X" in given:
        return given["X"]
    called = (model.get_build_config() or {}).get("input_shape")
    sizes = called[1:] if called else shape
    if sizes is None:
        raise GraphError("The model does not say its inputs: give it an Input, or call it on some rows first.")
    return tf.TensorSpec([None, *sizes], tf.float32, "X")


def _label_specs(tf: Any, keras: Any, out: Any) -> list[Any]:
    """Return label specs that the loss may accept: like the outputs, else class indices."""
    like = keras.tree.map_structure(lambda one: tf.TensorSpec(one.shape, tf.float32, "Y"), out)
    ids = keras.tree.map_structure(lambda one: tf.TensorSpec(one.shape[:-1], tf.int64, "Y"), out)
    return [like, ids]


def _with_the_step_of_keras(tf: Any, model: Any, x: Any, y: Any, out: Any) -> Traced:
    """Return the trace with Keras' own training step; raise if the loss rejects such labels."""
    tf.function(model.compute_loss, autograph=False).get_concrete_function(*_with_two_rows(tf, (x, y, out)))
    return _traced_model(tf, model, x, y, out)


def _with_two_rows(tf: Any, specs: Any) -> Any:
    """Return these specs with two rows each: a loss that rejects them rejects any number of rows.

    A loss that flattens its labels detects a mismatch only if the number of rows is known.
    """
    return tf.nest.map_structure(lambda one: tf.TensorSpec([2, *one.shape[1:]], one.dtype), specs)


def _traced_model(tf: Any, model: Any, x: Any, y: Any, out: Any) -> Traced:
    """Return the trace of a model and, if there are labels, of Keras' training step."""
    accuracy = _accuracy(model, y, out)
    modes: list[list[Any]] = []

    def mode(inputs: Any, labels: Any, *, training: bool) -> dict[str, Any]:
        """Return the outputs of one mode of the model, and its loss."""
        graph = tf.compat.v1.get_default_graph()
        before = len(graph.get_operations())
        model._clear_losses()
        made = model(inputs, **_in_mode(model, training=training))
        found = {"prediction": tf.nest.flatten(made)[0]}
        if labels is not None:
            found["loss"] = model.compute_loss(x=inputs, y=labels, y_pred=made)
            if accuracy is not None:
                found["accuracy"] = accuracy(labels, made)
        modes.append([_meaning(op) for op in graph.get_operations()[before:] if op.type != "Placeholder"])
        return found

    def step(inputs: Any, labels: Any, training: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            # Evaluate first: evaluation must not wait for the updates of training.
            found, trained = (mode(inputs, labels, training=flag) for flag in (False, True))
            if modes[-1] != modes[-2]:
                found = {key: tf.where(training, trained[key], found[key]) for key in found}
            if labels is None:
                return found
            scaled = optimizer.scale_loss(found["loss"])
        weights = model.trainable_variables
        slopes = tape.gradient(scaled, weights)
        if any(slope is not None for slope in slopes):
            optimizer.apply_gradients(zip(slopes, weights, strict=True))
        return found

    optimizer: Any = getattr(model, "optimizer", None)
    try:
        concrete = tf.function(step, autograph=False).get_concrete_function(x, y, tf.TensorSpec([], tf.bool, SWITCH))
    finally:
        model._clear_losses()
    return as_traced(tf, concrete, x, y, _named(model), as_it_began(optimizer), concrete.structured_outputs)


def _meaning(op: Any) -> tuple[str, list[tuple[str, bytes]]]:
    """Return what an op computes, regardless of its name: type and attributes."""
    attributes = op.node_def.attr
    return op.type, [(key, attributes[key].SerializeToString()) for key in sorted(attributes)]


def _layer_of(path: str, model: str) -> str:
    """Return the layer in a variable's path, below the model's own name."""
    return path.removeprefix(f"{model}/").rpartition("/")[0] or model


def _accuracy(model: Any, y: Any, out: Any) -> Callable[[Any, Any], Any] | None:
    """Return the model's first accuracy metric, as a function of labels and outputs of a batch."""
    if not hasattr(y, "shape"):
        return None
    metrics = getattr(_like(getattr(model, "_compile_metrics", None), y, out), "metrics", ())
    found = (metric for metric in metrics if "acc" in metric.name and hasattr(metric, "_fn"))
    return next((partial(_mean, metric._fn, metric._fn_kwargs) for metric in found), None)


def _mean(function: Callable[..., Any], arguments: Mapping[str, Any], labels: Any, made: Any) -> Any:
    """Return the mean of a metric's values."""
    import tensorflow as tf  # noqa: PLC0415 - it is there

    return tf.reduce_mean(tf.cast(function(labels, made, **arguments), tf.float32))
