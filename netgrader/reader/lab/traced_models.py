"""What is written without graphs, as one graph: a Keras model, a tf.Module, a tf.function, a SavedModel.

Functions are traced, never run: what training does and what evaluation does stand side by side, and a switch chooses. The
variables that they capture become variables of the graph that begin with the values they have. All behind is the reader.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.phrases import say
from netgrader.reader.graph.nodes import input_node, inputs_set, message, meta_graph_def
from netgrader.reader.graph.source import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

#: What is fed, and decides between training and evaluation.
SWITCH = "training"
STEP = "training_step"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\\/>-]")
_ASKS_FOR_CODE = re.compile(r"safe_mode|[Cc]ould not locate (class|function)|custom_objects")
_CHANGES = re.compile(r"Assign|ResourceApply|ResourceScatter")


@dataclass(frozen=True)
class Traced:
    """A graph that was traced: its MetaGraphDef, tensors that play parts, and what the author calls things."""

    meta_graph: bytes
    parts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """The layer, in the author's words, that each variable belongs to; empty for what belongs to none."""
    outputs: int = 0
    """How many numbers come out for each row, 0 where that is not known."""
    evaluates: bool = True
    """Whether something in it evaluates; else it only trains."""
    switched: bool = False
    """Whether training and evaluation differ, and a switch chooses."""
    refused: tuple[str, str] | None = None
    """The shape of the labels in the example, where the loss does not take them, and a shape that it does take."""

    @property
    def eval_feed(self) -> dict[str, Any]:
        """What evaluation feeds beside the inputs."""
        return {f"{SWITCH}:0": np.asarray(False)} if self.switched else {}


def is_traceable(thing: object) -> bool:
    """Whether a thing is a model or a function that can be traced; TensorFlow is not imported for that."""
    tf, keras = sys.modules.get("tensorflow"), sys.modules.get("keras")
    kinds = [keras.Model] if keras is not None and hasattr(keras, "Model") else []
    if tf is not None and hasattr(tf, "Module"):
        kinds += [tf.Module, tf.types.experimental.PolymorphicFunction, tf.types.experimental.ConcreteFunction]
    return isinstance(thing, tuple(kinds))


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
    import tensorflow as tf  # noqa: PLC0415 - it is there where such a thing is

    if not tf.executing_eagerly():
        raise GraphError("A model or a function is read where TensorFlow runs eagerly: without disable_v2_behavior().")
    given = [_spec(tf, part, name) for name in ("X", "Y") if (part := _part(examples, name)) is not None]
    with _sentences():
        keras = sys.modules.get("keras")
        if keras is not None and isinstance(thing, keras.Model):
            return _model(tf, keras, thing, given, shape)
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
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = f"{type(error).__name__}: {lines[0] if lines else ''}"[:300].rstrip(": .")
        raise GraphError(say("The model cannot be traced: {1}.", reason)) from error


def _part(examples: object, name: str) -> Any:
    found = examples.get(name) if hasattr(examples, "get") else getattr(examples, name, None)
    return None if found is None or isinstance(found, str) else found


def _spec(tf: Any, array: Any, name: str) -> Any:
    array = array if hasattr(array, "shape") and hasattr(array, "dtype") else np.asarray(array)
    kind = tf.as_dtype(array.dtype)
    return tf.TensorSpec([None, *array.shape[1:]], tf.float32 if kind == tf.float64 else kind, name)


# Keras models ------------------------------------------------------------------------------------------------------


def _model(tf: Any, keras: Any, model: Any, given: Sequence[Any], shape: Sequence[int] | None) -> Traced:
    """Trace evaluation, and where the model is compiled a step of its training."""
    x = _model_inputs(tf, keras, model, given, shape)
    if not model.built:
        model(keras.tree.map_structure(lambda spec: tf.zeros([1, *spec.shape[1:]], spec.dtype), x))
    compiled = bool(getattr(model, "compiled", False)) and model.optimizer is not None
    if compiled and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    spec = keras.tree.map_structure(lambda one: keras.KerasTensor(one.shape, one.dtype), x)
    out = model.compute_output_spec(spec, **_in_mode(model, training=False))
    first: Exception | None = None
    example = given[1] if compiled and len(given) > 1 else None
    for y in [*[example] * (example is not None), *_label_specs(tf, keras, out)] if compiled else [None]:
        try:
            found = _traced_model(tf, keras, model, x, y, out)
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:  # labels of another form, perhaps
            first = first or error
            continue
        if example is None or y is None or y is example:
            return found
        return replace(found, refused=(str(example.shape), str(y.shape)))
    assert first is not None  # noqa: S101 - there is always one form to try
    raise first


def _in_mode(model: Any, *, training: bool) -> dict[str, bool]:
    """How a model is told that it trains, where it asks."""
    return {"training": training} if model._call_has_training_arg else {}


def _model_inputs(tf: Any, keras: Any, model: Any, given: Sequence[Any], shape: Sequence[int] | None) -> Any:
    """What a model is fed: by itself, by an example, by how it was called, by what is asked."""
    own = getattr(getattr(model, "_functional", None) or model, "_inputs_struct", None)  # a Sequential has one inside
    if own is not None:
        return keras.tree.map_structure(
            lambda one: tf.TensorSpec([None, *one.shape[1:]], one.dtype, _clean(one.name)), own
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
            scaled = model.optimizer.scale_loss(found["loss"]) if labels is not None else None
        weights = model.trainable_variables
        slopes = tape.gradient(scaled, weights) if scaled is not None and weights else []
        if any(slope is not None for slope in slopes):
            model.optimizer.apply_gradients(zip(slopes, weights, strict=True))
        return found

    try:
        concrete = tf.function(step, autograph=False).get_concrete_function(x, y, tf.TensorSpec([], tf.bool, SWITCH))
    finally:
        model._clear_losses()
    named = {id(v.value.handle): (v.path, _layer_of(v.path, model.name), v.trainable) for v in model.variables}
    slots = getattr(model.optimizer, "variables", []) if y is not None else []
    named |= {id(v.value.handle): (v.path, "", False) for v in slots}
    return _as_traced(tf, concrete, x, y, named, concrete.structured_outputs)


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # A copy: the model's own is made when its labels are known.
        metrics = type(own)(own._user_metrics, own._user_weighted_metrics, output_names=own.output_names)
        metrics.build(y, out)
    for metric in metrics.metrics:
        function, arguments = getattr(metric, "_fn", None), getattr(metric, "_fn_kwargs", {})
        if function is not None and "acc" in metric.name:
            return lambda labels, made: _mean(function(labels, made, **arguments))
    return None


def _mean(values: Any) -> Any:
    import tensorflow as tf  # noqa: PLC0415 - it is there

    return tf.reduce_mean(tf.cast(values, tf.float32))


# Modules and functions ---------------------------------------------------------------------------------------------


def _functions(tf: Any, thing: Any, given: Sequence[Any]) -> Traced:
    """Trace what trains and what evaluates, of one function or of those that a thing has, on the same inputs."""
    concrete = [found for one in _own_functions(tf, thing) if (found := _concrete(tf, one, given)) is not None]
    if not concrete:
        raise GraphError("No function says what it is fed: give it an input_signature, or examples X and Y.")
    training = [one for one in concrete if _changes(one) and len(_fed(tf, one)) > 1]
    training.sort(key=_changes, reverse=True)
    evaluating = [one for one in concrete if one not in training and _fed(tf, one)]
    if not training and not evaluating:
        raise GraphError("No function is fed anything.")
    main = (training or evaluating)[0]
    specs = _fed(tf, main)
    beside = [one for one in evaluating if one is not main and _fits(_fed(tf, one), specs)][:1]

    def both(*inputs: Any) -> dict[str, Any]:
        found = {}
        for one in [*beside, main]:
            made = [t for t in tf.nest.flatten(_called(tf, one, inputs)) if tf.is_tensor(t)]
            if one in evaluating and made:
                found["prediction"] = made[0]
            elif made:
                found["loss"] = tf.identity(made[0])
        return found

    names = [spec.name or f"input_{index}" for index, spec in enumerate(specs)]
    specs = [tf.TensorSpec(s.shape, s.dtype, _clean(name)) for s, name in zip(specs, names, strict=True)]
    whole = tf.function(both, autograph=False).get_concrete_function(*specs)
    named = {}
    for path, variable in _variables(tf, thing, concrete):
        layer = ".".join(path[:-1]) or path[-1]
        named[id(variable.handle)] = ("/".join(path), layer, bool(variable.trainable))
    outputs = {key: tensor for key, tensor in whole.structured_outputs.items() if key == "prediction"}
    made = _as_traced(tf, whole, specs[0], specs[1] if training else None, named, outputs, bool(training))
    return made if beside or not training else replace(made, evaluates=False)


def _own_functions(tf: Any, thing: Any) -> list[Any]:
    """A function itself, or those that a module or a loaded model has: its signatures where it has no others."""
    kinds = (tf.types.experimental.PolymorphicFunction, tf.types.experimental.ConcreteFunction)
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
        try:
            return function.get_concrete_function(*specs)
        except (TypeError, ValueError):
            continue
    known = function._list_all_concrete_functions() if hasattr(function, "_list_all_concrete_functions") else []
    return known[-1] if known else None


def _fed(tf: Any, concrete: Any) -> list[Any]:
    """What a concrete function is fed, in order."""
    return [spec for spec in tf.nest.flatten(concrete.structured_input_signature) if isinstance(spec, tf.TensorSpec)]


def _fits(some: Sequence[Any], specs: Sequence[Any]) -> bool:
    return len(some) <= len(specs) and all(
        one.dtype == other.dtype and one.shape.is_compatible_with(other.shape)
        for one, other in zip(some, specs, strict=False)
    )


def _called(tf: Any, concrete: Any, inputs: Sequence[Any]) -> Any:
    """What a concrete function gives for the first of these inputs."""
    rest = iter(inputs)
    args, kwargs = tf.nest.map_structure(
        lambda spec: next(rest) if isinstance(spec, tf.TensorSpec) else spec, concrete.structured_input_signature
    )
    return concrete(*args, **kwargs)


def _changes(concrete: Any) -> int:
    """How many ops of a function change variables."""
    definition = concrete.graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    return sum(bool(_CHANGES.search(node.op)) for node in nodes)


def _variables(tf: Any, thing: Any, concrete: Sequence[Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The variables with where their author keeps them: by the attributes that lead to them, else by their names."""
    for variable in (variable for one in concrete for variable in one.graph.variables):
        yield tuple(variable.name.partition(":")[0].split("/")), variable
    if isinstance(thing, tf.Module):
        for path, variable in thing._flatten(predicate=lambda v: isinstance(v, tf.Variable), with_path=True):
            yield tuple(str(part) for part in path), variable


# The graph ---------------------------------------------------------------------------------------------------------


def _clean(name: str) -> str:
    """A name as a graph may have it."""
    return _NOT_IN_NAMES.sub("_", name).lstrip("_/\\>-") or "unnamed"


def _as_traced(
    tf: Any,
    concrete: Any,
    x: Any,
    y: Any,
    named: Mapping[int, tuple[str, str, bool]],
    ends: Mapping[str, Any],
    trains: bool | None = None,
) -> Traced:
    """The function's graph with what it captured as variables and constants, and one op for all that it changes."""
    trains = y is not None if trains is None else trains
    kept = {tensor.op.name for tensor in ends.values()} | {op.name for op in concrete.graph.control_outputs}
    kept |= {tensor.op.name for tensor in concrete.inputs if tensor.op.name != SWITCH}
    meta = meta_graph_def()
    meta.graph_def.ParseFromString(concrete.graph.as_graph_def().SerializeToString())
    _prune(meta.graph_def, kept)
    _let_outputs_wait_for_nothing(meta.graph_def, {tensor.op.name for tensor in ends.values()})
    captured = dict(zip((t.op.name for t in concrete.inputs[::-1]), concrete.captured_inputs[::-1], strict=False))
    names = _with_captured(tf, meta, captured, named)
    changing = [op.name for op in concrete.graph.control_outputs]
    parts = {key: tensor.name for key, tensor in ends.items()}
    if trains and changing:
        meta.graph_def.node.add(name=STEP, op="NoOp").input.extend(f"^{name}" for name in changing)
        parts["train_op"] = STEP
    fed = [tensor for tensor in concrete.inputs if tensor.op.name not in captured]
    count = len(tf.nest.flatten(x))
    parts["X"] = fed[0].name
    if y is not None and len(fed) > count:
        parts["Y"] = fed[count].name
    made = ends.get("prediction")
    width = made.shape[-1] if made is not None and made.shape.rank == 2 else None
    if width == 1 and trains:
        del parts["prediction"]  # a number to come close to, or the share of one of two classes: nobody said which
    switched = any(node.name == SWITCH for node in meta.graph_def.node)
    return Traced(meta.SerializeToString(), parts, names, width or 0, switched=switched)


def _prune(graph: Any, kept: Iterable[str]) -> None:
    """Take out what none of these nodes is made from or waits for."""
    nodes = {node.name: node for node in graph.node}
    seen: set[str] = set()
    todo = list(kept)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(map(input_node, nodes[name].input))
    left = [node for node in graph.node if node.name in seen]
    del graph.node[:]
    graph.node.extend(left)


def _let_outputs_wait_for_nothing(graph: Any, ends: Collection[str]) -> None:
    """Have what functions return not wait for what they change: who asks for a loss does not want a step taken."""
    scopes = [(graph.node, ends)]
    scopes += [(f.node_def, {item.partition(":")[0] for item in f.ret.values()}) for f in graph.library.function]
    for nodes, returned in scopes:
        for node in nodes:
            if node.name in returned and node.op == "Identity":
                inputs_set(node, [item for item in node.input if not item.startswith("^")])


def _with_captured(
    tf: Any, meta: Any, captured: Mapping[str, Any], named: Mapping[int, tuple[str, str, bool]]
) -> dict[str, str]:
    """Put what was captured into the graph: variables that begin with their values, and constants; the layers' names."""
    graph = meta.graph_def
    taken = {node.name for node in graph.node}
    called: dict[str, str] = {}
    layers: dict[str, str] = {}
    for node in list(graph.node):
        if node.name not in captured:
            continue
        value = captured[node.name]
        if value.dtype != tf.resource:
            _constant(tf, node, value.numpy())
            continue
        types = value._handle_data.shape_and_type if value._handle_data is not None else []
        if not types:
            continue  # a table, an iterator
        path, layer, trainable = named.get(id(value), (node.name, "", False))
        name = _free(_clean(path), taken)
        called[node.name] = name
        layers[name] = layer
        array = tf.raw_ops.ReadVariableOp(resource=value, dtype=types[0].dtype).numpy()
        _variable(tf, graph, node, name, array)
        definition = message("VariableDef")(
            variable_name=f"{name}:0", initializer_name=f"{name}/Assign", is_resource=True, trainable=trainable
        )
        for key in ("variables", *(["trainable_variables"] if trainable else [])):
            meta.collection_def[key].bytes_list.value.append(definition.SerializeToString())
    for node in graph.node:
        for index, item in enumerate(node.input):
            control, tensor = item.startswith("^"), item.lstrip("^")
            own, colon, rest = tensor.partition(":")
            if own in called:
                node.input[index] = "^" * control + called[own] + colon + rest
    return layers


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number the first that is free, together with those of its initialiser; then it is taken."""
    free, count = name, 0
    while {free, f"{free}/Assign", f"{free}/initial_value"} & taken:
        count += 1
        free = f"{name}_{count}"
    taken |= {free, f"{free}/Assign", f"{free}/initial_value"}
    return free


def _constant(tf: Any, node: Any, array: Any) -> None:
    """Make a node a constant."""
    node.op = "Const"
    del node.input[:]
    node.attr.clear()
    proto = tf.make_tensor_proto(array)
    node.attr["value"].tensor.ParseFromString(proto.SerializeToString())
    node.attr["dtype"].type = proto.dtype


def _variable(tf: Any, graph: Any, node: Any, name: str, array: Any) -> None:
    """Make a node a variable of this name, and add the op that first sets it to the array."""
    first = graph.node.add(name=f"{name}/initial_value")
    _constant(tf, first, array)
    kind = first.attr["dtype"].type
    node.name, node.op = name, "VarHandleOp"
    node.attr.clear()
    node.attr["dtype"].type = kind
    for size in np.shape(array):
        node.attr["shape"].shape.dim.add(size=size)
    if not np.shape(array):
        node.attr["shape"].shape.SetInParent()
    node.attr["shared_name"].s = name.encode()
    assign = graph.node.add(name=f"{name}/Assign", op="AssignVariableOp")
    assign.input.extend([name, first.name])
    assign.attr["dtype"].type = kind
