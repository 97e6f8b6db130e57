"""A Keras model as one graph: what it evaluates and, where it is compiled, a step of its training."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.phrases import say
from netgrader.reader.graph.source import GraphError
from netgrader.reader.lab.traced import SWITCH, Traced, as_traced, clean, joined, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def traced_model(tf: Any, keras: Any, model: Any, given: Sequence[Any], shape: Sequence[int] | None) -> Traced:
    """Trace evaluation, and where the model is compiled a step of its training."""
    x = _model_inputs(tf, keras, model, given, shape)
    if not model.built:
        model(keras.tree.map_structure(lambda spec: tf.zeros([1, *spec.shape[1:]], spec.dtype), x))
    compiled = bool(getattr(model, "compiled", False)) and model.optimizer is not None
    if compiled and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    spec = keras.tree.map_structure(lambda one: keras.KerasTensor(one.shape, one.dtype), x)
    out = model.compute_output_spec(spec, **_in_mode(model, training=False))
    notes: tuple[str, ...] = ()
    if compiled and type(model).train_step is not keras.Model.train_step:
        own = _with_its_own_step(tf, keras, model, x, out, given)
        if isinstance(own, Traced):
            return own
        notes = (own,)
    first: Exception | None = None
    example = given[1] if compiled and len(given) > 1 else None
    for y in [*[example] * (example is not None), *_label_specs(tf, keras, out)] if compiled else [None]:
        try:
            found = _traced_model(tf, keras, model, x, y, out)
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:  # labels of another form, perhaps
            first = first or error
            continue
        refused = None if example is None or y is None or y is example else (str(example.shape), str(y.shape))
        return replace(found, refused=refused, notes=notes)
    assert first is not None  # noqa: S101 - there is always one form to try
    raise first


def _named(model: Any) -> dict[int, tuple[str, str, bool]]:
    """What a model's variables are called, by the ids of their handles: name, layer, whether it is trained."""
    named = {id(v.value.handle): (v.path, _layer_of(v.path, model.name), v.trainable) for v in model.variables}
    return named | {
        id(v.value.handle): (v.path, "", False) for v in getattr(getattr(model, "optimizer", None), "variables", [])
    }


def as_it_began(optimizer: Any) -> dict[int, Any]:
    """Return what an optimizer's own variables began with, by the ids of their handles: a step is read from there.

    One of an author's own that cannot be made anew is read as it is.
    """
    try:
        twin = type(optimizer).from_config(optimizer.get_config())
        twin.build(optimizer._trainable_variables)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return {}
    pairs = zip(optimizer.variables, twin.variables, strict=False)
    return {id(old.value.handle): np.array(new) for old, new in pairs if old.shape == new.shape}


def _with_its_own_step(tf: Any, keras: Any, model: Any, x: Any, out: Any, given: Sequence[Any]) -> Traced | str:
    """Trace the step of training that an author has written; a sentence with what it raises where it cannot be."""
    labels = [*given[1:2], *_label_specs(tf, keras, out)]
    evaluated = tf.function(lambda inputs: model(inputs, **_in_mode(model, training=False)), autograph=False)
    concrete = [evaluated.get_concrete_function(x)]
    own = getattr(model, "_compile_metrics", None)
    first: Exception | None = None
    for y in labels:
        trained = tf.function(lambda inputs, targets: model.train_step((inputs, targets)), autograph=False)
        try:
            vars(model)["_compile_metrics"] = _like(own, y, out)  # Keras would keep what is assigned as a metric more
            return joined(
                tf, [*concrete, trained.get_concrete_function(x, y)], _named(model), as_it_began(model.optimizer)
            )
        except Exception as error:  # noqa: BLE001 - an author's code raises anything; labels of another form, perhaps
            first = first or error
            continue
        finally:
            vars(model)["_compile_metrics"] = own
            model._clear_losses()
    assert first is not None  # noqa: S101 - there is always one form to try
    code = getattr(type(model).train_step, "__code__", None)
    return say("Its own train_step cannot be traced, and it was read as if Keras trained it: {1}.", reason(first, code))


def _like(own: Any, y: Any, out: Any) -> Any:
    """Metrics as a model's own, which are made when its labels are known, made for these; None of none."""
    if own is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metrics = type(own)(own._user_metrics, own._user_weighted_metrics, output_names=own.output_names)
        metrics.build(y, out)
    return metrics


def _in_mode(model: Any, *, training: bool) -> dict[str, bool]:
    """How a model is told that it trains, where it asks."""
    return {"training": training} if model._call_has_training_arg else {}


def _model_inputs(tf: Any, keras: Any, model: Any, given: Sequence[Any], shape: Sequence[int] | None) -> Any:
    """What a model is fed: by itself, by an example, by how it was called, by what is asked."""
    own = getattr(getattr(model, "_functional", None) or model, "_inputs_struct", None)  # a Sequential has one inside
    if own is not None:
        return keras.tree.map_structure(
            lambda one: tf.TensorSpec([None, *one.shape[1:]], one.dtype, clean(one.name)), own
        )
    if given:
        return given[0]
    config = (model.get_build_config() or {}) if model.built else {}
    called = config.get("input_shape")
    sizes = called[1:] if isinstance(called, tuple | list) and all(isinstance(s, int | None) for s in called) else shape
    if sizes is None:
        raise GraphError("The model does not say its inputs: give it an Input, or call it on some rows first.")
    return tf.TensorSpec([None, *sizes], tf.float32, "X")


def _label_specs(tf: Any, keras: Any, out: Any) -> list[Any]:
    """Labels as the loss may take them: as what comes out, else numbers of classes."""
    like = keras.tree.map_structure(lambda one: tf.TensorSpec(one.shape, tf.float32, "Y"), out)
    ids = keras.tree.map_structure(lambda one: tf.TensorSpec(one.shape[:-1], tf.int64, "Y"), out)
    return [like, ids]


def _traced_model(tf: Any, keras: Any, model: Any, x: Any, y: Any, out: Any) -> Traced:
    accuracy = _accuracy(model, y, out) if y is not None else None
    modes: list[list[Any]] = []

    def mode(inputs: Any, labels: Any, *, training: bool) -> dict[str, Any]:
        """One mode of the model: what comes out, and its loss."""
        graph = tf.compat.v1.get_default_graph()
        before = len(graph.get_operations())
        model._clear_losses()
        made = model(inputs, **_in_mode(model, training=training))
        found = {"prediction": keras.tree.flatten(made)[0]}
        if labels is not None:
            found["loss"] = model.compute_loss(x=inputs, y=labels, y_pred=made)
            if accuracy is not None:
                found["accuracy"] = accuracy(labels, made)
        modes.append([_meaning(op) for op in graph.get_operations()[before:] if op.type != "Placeholder"])
        return found

    def step(inputs: Any, labels: Any, training: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            # Evaluation first: what it reads must not wait for what training writes.
            found, trained = (mode(inputs, labels, training=flag) for flag in (False, True))
            if modes[-1] != modes[-2]:
                found = {key: tf.where(training, trained[key], found[key]) for key in found}
            scaled = optimizer.scale_loss(found["loss"]) if labels is not None else None
        weights = model.trainable_variables
        slopes = tape.gradient(scaled, weights) if scaled is not None and weights else []
        if any(slope is not None for slope in slopes):
            optimizer.apply_gradients(zip(slopes, weights, strict=True))
        return found

    optimizer: Any = getattr(model, "optimizer", None)
    while hasattr(optimizer, "inner_optimizer"):  # it scales the loss, and steps are the same
        optimizer = optimizer.inner_optimizer
    gathers = getattr(optimizer, "gradient_accumulation_steps", None)
    try:
        if gathers:
            optimizer.gradient_accumulation_steps = None  # a step of one minibatch shows the rule
        concrete = tf.function(step, autograph=False).get_concrete_function(x, y, tf.TensorSpec([], tf.bool, SWITCH))
    finally:
        model._clear_losses()
        if gathers:
            optimizer.gradient_accumulation_steps = gathers
    named = _named(model)
    begin = as_it_began(optimizer) if y is not None else {}
    return as_traced(tf, concrete, x, y, named, begin, concrete.structured_outputs)


def _meaning(op: Any) -> tuple[str, list[tuple[str, bytes]]]:
    """What an op does, whatever it is called."""
    attributes = op.node_def.attr
    return op.type, [(key, attributes[key].SerializeToString()) for key in sorted(attributes)]


def _layer_of(path: str, model: str) -> str:
    """The layer in a variable's path, below the model's own name."""
    *above, _ = path.split("/")
    return "/".join(above[1:] if len(above) > 1 and above[0] == model else above)


def _accuracy(model: Any, y: Any, out: Any) -> Callable[[Any, Any], Any] | None:
    """The first metric of the model that is an accuracy, as a function of labels and outputs of one batch."""
    own = getattr(model, "_compile_metrics", None)
    if own is None or hasattr(y, "keys") or isinstance(y, list | tuple):
        return None
    metrics = _like(own, y, out)
    for metric in metrics.metrics:
        function, arguments = getattr(metric, "_fn", None), getattr(metric, "_fn_kwargs", {})
        if function is not None and "acc" in metric.name:
            return lambda labels, made: _mean(function(labels, made, **arguments))
    return None


def _mean(values: Any) -> Any:
    import tensorflow as tf  # noqa: PLC0415 - it is there

    return tf.reduce_mean(tf.cast(values, tf.float32))
