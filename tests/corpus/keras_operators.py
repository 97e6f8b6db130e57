"""Operators on Keras 3 programs: beginners' changes to a model, a loss by name, a custom training step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from .catalogue import LossReference, mean_ce
from .catalogue_keras import KerasProgram
from .eager import EagerRun
from .formulas import Array, cross_entropy, log_softmax, sigmoid, sigmoid_cross_entropy, softmax
from .operators import OPERATORS, Change, Job, Operator, architecture, losses, training
from .operators.base import blank, operator
from .oracle import Expect, Run
from .source import NotApplicable, Source, dotted, expression

__all__ = ["OPERATORS", "Change", "Job", "Operator"]

NETWORKS = frozenset({"keras_network"})
ALL = NETWORKS | {"keras_regression"}
EPSILON = 1e-7
"""Keras keeps probabilities so far from 0 and 1."""
RECURRENT = ("recurrence", "lstm", "gru")
_LAYERS = ("Dense", "Conv2D", "Linear")


# What stands where ----------------------------------------------------------------------------------------------------


def _calls(source: Source, *names: str) -> list[ast.Call]:
    """Calls of these, by the last part of their names, as they stand in the text."""
    found = [n for n in ast.walk(source.tree) if isinstance(n, ast.Call) and dotted(n.func).split(".")[-1] in names]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _scores(source: Source) -> ast.Call:
    """The last layer: the last of 10 units, or of one."""
    units = [
        call for call in _calls(source, *_LAYERS) if call.args and ast.unparse(call.args[0]) in ("10", "1", "classes")
    ]
    if not units:
        raise NotApplicable("no layer of ten units")
    return units[-1]


def _set(call: ast.Call, name: str, text: str | None) -> None:
    call.keywords = [keyword for keyword in call.keywords if keyword.arg != name]
    if text is not None:
        call.keywords.append(ast.keyword(name, expression(text)))


def _compiled(source: Source) -> tuple[ast.Call, ast.expr]:
    """The call of compile, and the loss in it by its name, or the call that makes it."""
    names = ("categorical_crossentropy", "sparse_categorical_crossentropy", "mse")
    compiling = _calls(source, "compile")
    made = _calls(source, "CategoricalCrossentropy", "SparseCategoricalCrossentropy")
    strings = [n for n in ast.walk(source.tree) if isinstance(n, ast.Constant) and n.value in names]
    if not compiling or len([*made, *strings]) != 1:
        raise NotApplicable("no loss of Keras's in compile")
    return compiling[0], (*made, *strings)[0]


def _with_loss(source: Source, text: str) -> None:
    _, old = _compiled(source)
    new = expression(text)
    source.replace(source.tree, lambda node: new if node is old else None)
    source.tree.body[1:1] = ast.parse("import keras\nimport tensorflow as tf").body


def _is_sparse(source: Source) -> bool:
    return "sparse" in ast.unparse(_compiled(source)[1]).lower()


def _model(job: Job, *, probabilities: bool) -> KerasProgram:
    """The program, if what comes out of it are probabilities, or logits."""
    program = job.program
    if not isinstance(program, KerasProgram) or program.probabilities is not probabilities:
        raise NotApplicable("it puts out something else")
    return program


def _other_loss(job: Job, new: LossReference) -> Callable[[Expect], Expect]:
    """Another loss in place of the cross-entropy; what the program adds to it stays."""
    old = job.program.loss
    if old is None or old.__qualname__ == "smoothed":
        raise NotApplicable("its loss is another one")
    return lambda e: replace(e, loss=lambda z, y, v: new(z, y, v) + np.asarray(old(z, y, v)) - mean_ce(z, y, v))


def _shown(*changes: Callable[[Array], Array]) -> Callable[[Expect], Expect]:
    return lambda e: replace(e, shown=tuple(lambda z, y, c=c: c(z) for c in changes))


def _both(*changes: Callable[[Expect], Expect]) -> Callable[[Expect], Expect]:
    def change(e: Expect) -> Expect:
        for one in changes:
            e = one(e)
        return replace(e, optimizer=None)

    return change


# The loss and what it is given ---------------------------------------------------------------------------------------


@operator("keras-softmax-before-loss", "softmax-before-loss", exercises=NETWORKS)
def softmax_before_loss(job: Job) -> Iterator[Change]:
    _model(job, probabilities=False)
    expect = _both(_shown(softmax), _other_loss(job, lambda z, y, v: mean_ce(softmax(z), y, v)))
    also = frozenset({"logits-are-probabilities"})
    source = job.source.copy()
    _set(_scores(source), "activation", "'softmax'")
    of_tensorflow = (
        "lambda y, p: tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(tf.reshape(y, [-1]), tf.int64), p)"
        if _is_sparse(source)
        else "lambda y, p: tf.nn.softmax_cross_entropy_with_logits(y, p)"
    )
    _with_loss(source, of_tensorflow)
    yield Change("a loss of TensorFlow's", source, expect, also=also)
    source = job.source.copy()
    _set(_scores(source), "activation", "lambda z: tf.clip_by_value(tf.nn.softmax(z), 1e-7, 1.0)")
    source.tree.body[1:1] = ast.parse("import tensorflow as tf").body
    yield Change("clipped", source, expect, also=also)


@operator("keras-softmax-taken-back", exercises=NETWORKS)
def softmax_taken_back(job: Job) -> Iterator[Change]:
    """A softmax that is named to Keras before a loss of logits is taken back by it, with a warning."""
    _model(job, probabilities=False)
    source = job.source.copy()
    _compiled(source)
    _set(_scores(source), "activation", "'softmax'")
    yield Change("by its name", source, _shown(softmax))


@operator("keras-no-softmax", "logits-are-probabilities", exercises=NETWORKS)
def no_softmax(job: Job) -> Iterator[Change]:
    program = job.program
    assert isinstance(program, KerasProgram)
    source = job.source.copy()
    _, loss = _compiled(source)

    def rows(z: Array, y: Array) -> Array:
        if _is_sparse(job.source):
            return cross_entropy(np.log(np.clip(z, EPSILON, 1 - EPSILON)), y)
        shares = np.clip(z / z.sum(axis=1, keepdims=True), EPSILON, 1 - EPSILON)
        return np.asarray(-(y * np.log(shares)).sum(axis=1))

    expect = _both(_shown(), _other_loss(job, lambda z, y, v: float(rows(z, y).mean())))  # noqa: ARG005
    if program.probabilities:
        _set(_scores(source), "activation", None)
        yield Change("no activation", source, expect)
    elif isinstance(loss, ast.Call):
        _set(loss, "from_logits", None)
        yield Change("from_logits left out", source, expect)


def _squashing(job: Job, activation: str, function: Callable[[Array], Array]) -> Iterator[Change]:
    _model(job, probabilities=False)
    if any(word in job.program.name for word in ("averaged", "fully", "highway")):
        raise NotApplicable("something else stands behind the last layer")
    source = job.source.copy()
    _set(_scores(source), "activation", activation)
    source.tree.body[1:1] = ast.parse("import tensorflow as tf").body
    yield Change("last layer", source, lambda e: replace(e, after=(lambda z, y: function(z),), optimizer=None))


@operator("keras-relu-on-logits", "relu-on-logits", exercises=NETWORKS)
def relu_on_logits(job: Job) -> Iterator[Change]:
    yield from _squashing(job, "'relu'", lambda z: np.maximum(z, 0))


@operator("keras-sigmoid-before-loss", "sigmoid-before-loss", exercises=NETWORKS)
def sigmoid_before_loss(job: Job) -> Iterator[Change]:
    yield from _squashing(job, "tf.nn.sigmoid", sigmoid)


@operator("keras-sigmoid-taken-back", exercises=NETWORKS)
def sigmoid_taken_back(job: Job) -> Iterator[Change]:
    """A sigmoid that is named to Keras is taken back by its losses as a softmax is: which score is largest stays."""
    for change in _squashing(job, "'sigmoid'", sigmoid):
        _compiled(change.source)
        yield replace(change, variant="by its name", expect=_shown(sigmoid))


@operator("keras-sigmoid-loss", "sigmoid-cross-entropy", exercises=NETWORKS)
def sigmoid_loss(job: Job) -> Iterator[Change]:
    program = job.program
    assert isinstance(program, KerasProgram)
    if _is_sparse(job.source):
        raise NotApplicable("numbers of classes have another shape")

    def of_shares(p: Array, y: Array) -> float:
        p = np.clip(p, EPSILON, 1 - EPSILON)
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())

    if program.probabilities:
        for name, function in (("softmax", softmax), ("sigmoid", sigmoid)):
            source = job.source.copy()
            if name == "sigmoid":
                _set(_scores(source), "activation", "'sigmoid'")
            _with_loss(source, "'binary_crossentropy'")
            of = lambda z, y, v, f=function: of_shares(f(z), y)  # noqa: E731
            yield Change(f"of a {name}", source, _both(_shown(function), _other_loss(job, of)))
    else:
        source = job.source.copy()
        _with_loss(source, "keras.losses.BinaryCrossentropy(from_logits=True)")
        mean = lambda z, y, v: float(sigmoid_cross_entropy(z, y).mean())  # noqa: E731
        yield Change("of logits", source, _both(_other_loss(job, mean)))


def _squares(job: Job, shares: Callable[[Array], Array]) -> Iterator[Change]:
    if _is_sparse(job.source):
        raise NotApplicable("numbers of classes have another shape")
    expect = _both(_other_loss(job, lambda z, y, v: float(((shares(z) - y) ** 2).mean())))  # noqa: ARG005
    for variant, text in (("by name", "'mse'"), ("by class", "keras.losses.MeanSquaredError()")):
        source = job.source.copy()
        _with_loss(source, text)
        yield Change(variant, source, expect)


@operator("keras-mse-on-softmax", "mse-on-softmax", exercises=NETWORKS)
def mse_on_softmax(job: Job) -> Iterator[Change]:
    _model(job, probabilities=True)
    yield from _squares(job, softmax)


@operator("keras-mse-on-logits", "mse-on-logits", exercises=NETWORKS)
def mse_on_logits(job: Job) -> Iterator[Change]:
    _model(job, probabilities=False)
    yield from _squares(job, lambda z: z)


@operator("keras-wrong-axis", "loss-over-wrong-axis", exercises=NETWORKS)
def wrong_axis(job: Job) -> Iterator[Change]:
    program = job.program
    assert isinstance(program, KerasProgram)
    source = job.source.copy()
    _, loss = _compiled(source)
    also = frozenset({"prediction-wrong", "rows-mixed"})
    if program.probabilities:
        # Keras's own softmax would be taken back by its losses, along whichever axis.
        _set(_scores(source), "activation", "lambda z: tf.nn.softmax(z, axis=0)")
        source.tree.body[1:1] = ast.parse("import tensorflow as tf").body
        over_rows = lambda z: softmax(z, 0)  # noqa: E731
        shares = (lambda p: p) if _is_sparse(job.source) else (lambda p: p / p.sum(axis=1, keepdims=True))
        rest = (lambda p: p.sum(axis=1)) if _is_sparse(job.source) else (lambda p: 1.0)

        def mean(z: Array, y: Array, v: object) -> float:  # noqa: ARG001
            p = np.clip(shares(over_rows(z)), EPSILON, 1 - EPSILON)
            return float((np.log(rest(p)) - np.log((p * y).sum(axis=1))).mean())

        right = lambda z, y: float((over_rows(z).argmax(1) == y.argmax(1)).mean())  # noqa: E731
        measured = lambda e: replace(e, accuracy=right)  # noqa: E731
        expect = _both(_shown(over_rows), _other_loss(job, mean), measured)
        yield Change("softmax of the columns", source, expect, also=also)
    elif isinstance(loss, ast.Call) and not _is_sparse(job.source):
        _set(loss, "axis", "0")
        columns = lambda z, y, v: float(-(y * log_softmax(z, 0)).sum(axis=0).mean())  # noqa: E731
        yield Change("axis of the loss", source, _both(_other_loss(job, columns)), also=also)


@operator("keras-maximises-loss", "maximises-loss", exercises=ALL, trains=True)
def maximises(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    loss = source.target_text("loss")
    source.insert_after(source.role("loss"), f"{loss} = -{loss}")

    def expect(e: Expect) -> Expect:
        old, optimizer = e.loss, e.optimizer
        turned = None if old is None or job.program.stochastic else (lambda z, y, v: -np.asarray(old(z, y, v)))
        climbs = (training.not_descending,) if job.program.name == "keras/step_of_its_own" else ()
        return replace(e, loss=turned, optimizer=optimizer and (*optimizer[:2], 1.0)).also(*climbs)

    yield Change("-loss", source, expect)


def _refuses(run: Run) -> str | None:
    assert isinstance(run, EagerRun)
    return None if run.refuses_other_labels() else "labels of the other form are taken as well"


def _labels_of(job: Job) -> tuple[str, str]:
    """The form of labels that the loss takes, and the other one."""
    forms = ("digits", "one-hot") if _is_sparse(job.source) else ("one-hot", "digits")
    return forms[0], forms[1]


@operator("keras-other-labels", "labels-not-one-hot", exercises=NETWORKS)
def other_labels(job: Job) -> Iterator[Change]:
    _, other = _labels_of(job)
    yield Change(other, job.source, lambda e: e.also(_refuses), parts=other)


@operator("keras-binary-accuracy", "accuracy-without-argmax", exercises=NETWORKS)
def binary_accuracy(job: Job) -> Iterator[Change]:
    _model(job, probabilities=True)
    source = job.source.copy()
    if _is_sparse(source):
        raise NotApplicable("numbers of classes have another shape")
    _set(_compiled(source)[0], "metrics", "['binary_accuracy']")
    yield Change(
        "of shares", source, lambda e: replace(e, accuracy=lambda z, y: float(((softmax(z) > 0.5) == y).mean()))
    )


@operator("keras-broadcast", "broadcast-in-loss", exercises=frozenset({"keras_regression"}))
def broadcast(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    if source.marked["loss"]:
        source.set_value("loss", expression("tf.reduce_mean(tf.square(z - tf.reshape(y, [-1])))"))
    else:
        _with_loss(source, "lambda y, p: tf.reduce_mean(tf.square(p - tf.reshape(y, [-1])))")
    every = lambda z, y, v: float(((z - y.argmax(axis=1)) ** 2).mean())  # noqa: E731
    yield Change("targets as a row", source, lambda e: replace(e, loss=every, optimizer=None))


@operator("keras-out-of-reach", "targets-out-of-reach", exercises=frozenset({"keras_regression"}))
def out_of_reach(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    _set(_scores(source), "activation", "'sigmoid'")
    yield Change("sigmoid", source, lambda e: replace(e, after=(lambda z, y: sigmoid(z),), optimizer=None))


# Layers --------------------------------------------------------------------------------------------------------------


def _through(job: Job, apply: Callable[[Job], Iterator[Change]], *without: str) -> Iterator[Change]:
    """The changes of an operator on graphs, where no linear layer is hidden by what else stands there."""
    if any(word in job.program.name for word in without):
        raise NotApplicable("something else stands between the layers")
    yield from apply(job)


@operator("keras-missing-activation", "missing-activation", exercises=ALL)
def missing_activation(job: Job) -> Iterator[Change]:
    names = ("residual", "highway", "separable", "two_branches", "densely")
    for change in _through(job, lambda job: architecture._swap_activation(job, "identity", "tf.identity"), *names):
        if job.program.name != "keras/convolutional" or change.variant.endswith(
            "2"
        ):  # pooling stands behind the others
            yield change


@operator("keras-softmax-in-hidden-layer", "softmax-in-hidden-layer", exercises=ALL)
def softmax_hidden(job: Job) -> Iterator[Change]:
    yield from _through(job, architecture.softmax_hidden, "residual", "conv", "separable", "highway", "branches")


def _starting(job: Job, keras: str, tensor: str) -> Source:
    """All layers begin otherwise: `keras` says it to a layer, `tensor` is a variable's first value of ``{shape}``."""
    source = job.source.copy()
    if any(word in job.program.name for word in (*RECURRENT, "normalised", "leaky")):
        raise NotApplicable("it has weights of other kinds")
    for call in _calls(source, "Dense", "Conv2D", "SeparableConv2D"):
        _set(call, "kernel_initializer", keras)
    source.replace_text(source.tree, "'glorot_uniform'", keras)
    drawn = {f"tf.random.{kind}" for kind in ("normal", "uniform")}
    source.replace(
        source.tree,
        lambda node: (
            expression(tensor.format(shape=ast.unparse(node.args[0])))
            if isinstance(node, ast.Call) and dotted(node.func) in drawn
            else None
        ),
    )
    return source


@operator("keras-zero-initialisation", "zero-initialisation", exercises=ALL)
def zeros(job: Job) -> Iterator[Change]:
    source = _starting(job, "'zeros'", "tf.zeros({shape})")
    yield Change("zeros", source, lambda e: replace(e, optimizer=None).also(architecture._all_equal))


@operator("keras-constant-initialisation", "constant-initialisation", exercises=ALL)
def ones(job: Job) -> Iterator[Change]:
    source = _starting(job, "'ones'", "tf.ones({shape})")
    also = frozenset({"huge-initialisation"})
    yield Change("ones", source, lambda e: replace(e, optimizer=None).also(architecture._all_equal), also=also)


@operator("keras-huge-initialisation", "huge-initialisation", exercises=ALL)
def huge(job: Job) -> Iterator[Change]:
    if any(word in job.program.name for word in ("fully", "separable")):
        raise NotApplicable("its layers have few inputs")
    source = _starting(job, "keras.initializers.RandomNormal(stddev=1.0)", "tf.random.normal({shape})")
    source.tree.body[1:1] = ast.parse("import keras").body
    yield Change("N(0, 1)", source, lambda e: replace(e, optimizer=None).also(architecture._spread_of_one))


ALWAYS = """
class Always(keras.layers.{name}):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)
"""


def _always(job: Job, name: str) -> Source:
    """Layers of this name behave as in training, whatever they are told."""
    source = job.source.copy()
    layers = _calls(source, name)
    for call in layers:
        call.func = expression("Always")
    if not layers and not _dropped(source, "Always(0.4)({})"):
        raise NotApplicable(f"no {name}")
    last = max(i for i, node in enumerate(source.tree.body) if isinstance(node, ast.Import | ast.ImportFrom))
    source.tree.body[last + 1 : last + 1] = ast.parse(ALWAYS.format(name=name)).body
    return source


@operator("keras-dropout-left-on", "dropout-at-evaluation", exercises=ALL)
def dropout_left_on(job: Job) -> Iterator[Change]:
    def expect(e: Expect) -> Expect:
        return blank(e).also(architecture._two_evaluations_differ)

    source = job.source.copy()
    if source.replace_text(source.tree, "self.forward(x, 0.0)", "self.forward(x, 0.3)"):
        yield Change("the rate of training", source, expect)
    else:
        yield Change("always", _always(job, "Dropout"), expect)


def _dropped(source: Source, layer: str) -> bool:
    """Whether this layer could be put before the last one, where layers are called as functions."""
    last = _scores(source)
    for call in ast.walk(source.tree):
        if isinstance(call, ast.Call) and call.func is last and call.args:
            call.args[0] = expression(layer.format(ast.unparse(call.args[0])))
            return True
    return False


@operator("keras-batchnorm-at-evaluation", "rows-mixed", exercises=ALL)
def batchnorm_at_evaluation(job: Job) -> Iterator[Change]:
    if not _calls(job.source, "BatchNormalization"):
        raise NotApplicable("no BatchNormalization")
    source = _always(job, "BatchNormalization")
    yield Change("always", source, lambda e: blank(e).also(architecture._rows_mix))


@operator("keras-frozen", "layers-not-trained", exercises=ALL, trains=True)
def frozen(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    if any(word in job.program.name for word in RECURRENT):
        raise NotApplicable("it has no such layer")
    layers = _calls(source, *_LAYERS)
    _set(layers[0], "trainable", "False")
    yield Change("first layer", source, lambda e: replace(e, optimizer=None).also(training._some_unmoved))


@operator("keras-weights-left-out", "layers-not-trained", exercises=ALL, trains=True)
def left_out(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    if source.replace_text(source.tree, "[self.w1, self.b1, self.w2, self.b2]", "[self.w2, self.b2]"):
        yield Change("last layer only", source, lambda e: replace(e, optimizer=None).also(training._some_unmoved))


@operator("keras-not-compiled", "missing-tensor", exercises=ALL)
def not_compiled(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    compiling = _calls(source, "compile")
    if not compiling:
        raise NotApplicable("it is not compiled")
    block, position = source.block_of(
        next(n for n in ast.walk(source.tree) if isinstance(n, ast.Expr) and n.value is compiling[0])
    )
    del block[position]
    expect = lambda e: replace(e, loss=None, accuracy=None, optimizer=None).also(_cannot_train)  # noqa: E731
    yield Change("no compile", source, expect)


def _cannot_train(run: Run) -> str | None:
    assert isinstance(run, EagerRun)
    return "it can be trained" if run.thing.compiled else None


# What leaves a program right -----------------------------------------------------------------------------------------


@operator("keras-other-labels-and-loss", exercises=NETWORKS)
def respelled(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    _, loss = _compiled(source)
    text, sparse = ast.unparse(loss), _is_sparse(source)
    if "smoothing" in text:
        raise NotApplicable("digits cannot be smoothed")
    new = text.replace("Sparse", "").replace("sparse_", "") if sparse else text.replace("Categ", "SparseCateg")
    new = new if sparse else new.replace("'categ", "'sparse_categ")
    source.replace(source.tree, lambda node: expression(new) if node is loss else None)
    yield Change("one-hot" if sparse else "digits", source)


@operator("keras-training-said", exercises=ALL)
def training_said(job: Job) -> Iterator[Change]:
    """What a model is told of training goes before what a layer in it was told: this dropout is off in evaluation."""
    source = job.source.copy()
    if _dropped(source, "keras.layers.Dropout(0.4)({}, training=True)"):
        yield Change("to a dropout", source)


OTHERS = (
    ("rmsprop", "keras.optimizers.RMSprop(1e-3)", None),
    ("nesterov", "keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True)", ("nesterov", 0.02, 1.0)),
    ("adagrad", "keras.optimizers.Adagrad(0.05)", ("adagrad", 0.05, 1.0)),
    ("adamw", "keras.optimizers.AdamW(1e-3, clipnorm=1.0)", None),
    ("decay", "keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 500, 0.5))", None),
)


@operator("keras-other-optimizer", exercises=ALL, trains=True)
def other_optimizer(job: Job) -> Iterator[Change]:
    for name, text, moves in OTHERS:
        source = job.source.copy()
        old = [n for n in ast.walk(source.tree) if isinstance(n, ast.Constant) and n.value == "adam"]
        if not old:
            raise NotApplicable("it names its optimizer otherwise")
        source.replace(source.tree, lambda node, old=old, text=text: expression(text) if node is old[0] else None)
        known = None if job.program.stochastic or job.program.optimizer is None else moves
        yield Change(name, source, lambda e, known=known: replace(e, optimizer=known))


@operator("keras-trained-before", exercises=ALL)
def trained_before(job: Job) -> Iterator[Change]:
    """What was trained for a moment is read as what was not."""
    yield Change("twenty minibatches", job.source, switches=frozenset({"fitted"}))


@operator("keras-with-examples", exercises=NETWORKS)
def with_examples(job: Job) -> Iterator[Change]:
    own, _ = _labels_of(job)
    yield Change(own, job.source, parts=own)


def _by_hand(apply: Callable[[Job], Iterator[Change]]) -> Callable[[Job], Iterator[Change]]:
    """An operator on graphs, where the program writes its logits and its loss itself; a loss that is compared alone tells of it."""

    def changes(job: Job) -> Iterator[Change]:
        for change in apply(job):
            if job.program.loss is not None or change.variant not in ("in the loss", "by hand"):
                yield change

    return changes


for _name, _apply in (
    ("softmax-before-loss", losses.softmax_before_loss),
    ("sigmoid-before-loss", losses.sigmoid_before_loss),
    ("relu-on-logits", losses.relu_on_logits),
):
    operator(f"keras-by-hand-{_name}", _name, exercises=NETWORKS)(_by_hand(_apply))
