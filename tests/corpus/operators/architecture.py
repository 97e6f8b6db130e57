"""Operators on layers: activations, biases, widths, depth, initial values, placeholders."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tests.corpus.catalogue import Reference, Values
from tests.corpus.formulas import ACTIVATIONS, Array, Function
from tests.corpus.oracle import EXTRA, Expect, Run, rows
from tests.corpus.source import NotApplicable, Source, dotted, expression

from .base import ASKED, HIDDEN, Change, Job, activation_sites, blank, computing, operator

WIDTHS = (150, 15, 1000, 1024, 500, 3000)


def _swap_activation(job: Job, name: str, function: str, also: frozenset[str] = frozenset()) -> Iterator[Change]:
    sites = activation_sites(job)
    layers = job.program.spread or tuple((i,) for i in range(len(job.program.acts)))
    if len(sites) == 1:
        layers = (tuple(range(len(job.program.acts))),)
    for number, (site, governed) in enumerate(zip(sites, layers, strict=False)):
        source = job.source.copy()
        site(source, function)

        def expect(e: Expect, governed: tuple[int, ...] = governed) -> Expect:
            acts = [ACTIVATIONS[name] if i in governed else act for i, act in enumerate(e.acts)]
            return replace(e, acts=tuple(acts))

        yield Change(f"{name} {number}" if len(sites) > 1 else name, source, expect, also=also)


#: Convolutions in front of a max pooling, by the end of a program's name: without an activation that is all there is.
POOLED = {"convolutions_for_experts": (0, 1)}


@operator("missing-activation", "missing-activation", exercises=HIDDEN)
def missing_activation(job: Job) -> Iterator[Change]:
    if job.program.name.endswith(("residual_blocks", "highway", "four_quadrants")):
        raise NotApplicable("other nonlinearities stand between the layers")
    pooled = POOLED.get(job.program.name.rpartition("/")[2], ())
    for number, change in enumerate(_swap_activation(job, "identity", "tf.identity")):
        yield replace(change, remark=number in pooled)


@operator("wrong-activation", "wrong-activation", exercises=frozenset({"two_layer_network"}))
def wrong_activation(job: Job) -> Iterator[Change]:
    for name in ("sigmoid", "tanh", "elu", "softplus", "leaky_relu", "softsign", "selu", "swish", "relu6"):
        yield from _swap_activation(job, name, f"tf.nn.{name}")
    yield from _swap_activation(job, "abs", "tf.abs")
    yield from _swap_activation(job, "square", "tf.square")


@operator("softmax-in-hidden-layer", "softmax-in-hidden-layer", exercises=HIDDEN)
def softmax_hidden(job: Job) -> Iterator[Change]:
    if job.program.exercise == "deep_network" and "convolutions" in job.program.name:
        raise NotApplicable("a softmax over channels is another thing")
    axis = 0 if job.program.logits.__name__ == "columns" else -1
    also = frozenset({"wrong-activation"})
    yield from _swap_activation(
        job, "softmax", "tf.nn.softmax" if axis else "(lambda t: tf.nn.softmax(t, axis=0))", also
    )


def _bias_sites(source: Source) -> list[Callable[[Source], None]]:
    roots = [*source.marked["hidden"], *source.marked["logits"], *source.helpers()]
    within = {id(node) for root in roots for node in ast.walk(root)}
    found: list[Callable[[Source], None]] = []
    for index, node in enumerate(ast.walk(source.tree)):
        if id(node) in within and _without_bias(node) is not None:

            def remove(other: Source, index: int = index) -> None:
                target = list(ast.walk(other.tree))[index]
                new = _without_bias(target)
                other.replace(other.tree, lambda candidate: new if candidate is target else None)

            found.append(remove)
    return found


def _without_bias(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _linear(node.left):
        return copy.deepcopy(node.left)
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        if name in {"tf.nn.bias_add", "tf.add"} and len(node.args) == 2 and _linear(node.args[0]):
            return copy.deepcopy(node.args[0])
        if name == "tf.nn.xw_plus_b":
            matmul = expression("tf.matmul(a, b)")
            assert isinstance(matmul, ast.Call)
            matmul.args = copy.deepcopy(node.args[:2])
            return matmul
        if name.endswith("Dense") and not any(keyword.arg == "use_bias" for keyword in node.keywords):
            changed = copy.deepcopy(node)
            changed.keywords.append(ast.keyword("use_bias", ast.Constant(False)))
            return changed
    return None


def _linear(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult) or (isinstance(node.op, ast.Div) and _linear(node.left))
    names = ("matmul", "einsum", "tensordot", "conv2d")
    return isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in names


@operator("missing-bias", "missing-bias", exercises=ASKED)
def missing_bias(job: Job) -> Iterator[Change]:
    def expect(e: Expect) -> Expect:
        return replace(e, references=tuple(r for old in e.references for r in _biases_gone(old)))

    for number, remove in enumerate(_bias_sites(job.source)):
        source = job.source.copy()
        remove(source)
        yield Change(f"place {number}", source, expect)
    if job.program.name.endswith("bias_as_a_row_of_ones"):
        source = job.source.copy()
        source.replace_text(source.tree, "tf.ones([tf.shape(X)[0], 1])", "tf.zeros([tf.shape(X)[0], 1])")

        def zeros(v: Values, x: Array, acts: Sequence[Function]) -> Array:
            return x @ v.trained[0][:784]

        yield Change("zeros for ones", source, lambda e: replace(e, references=(zeros,)))


def _biases_gone(old: Reference) -> Iterator[Reference]:
    """References with one bias zero or absent, and with all of them."""

    def other(v: Values, changed: list[Array], x: Array, acts: Sequence[Function]) -> Array:
        found = old(Values(changed, v.by_name), x, acts)
        try:
            whole = old(v, x, acts)
        except (ValueError, IndexError):
            return found  # without the variable there is no network with it
        if whole.shape == found.shape and np.allclose(whole, found):
            raise ValueError("nothing is gone: this is the network with its bias")
        return found

    def without(chosen: Callable[[int, Array], bool]) -> Reference:
        def reference(v: Values, x: Array, acts: Sequence[Function]) -> Array:
            return other(v, [np.zeros_like(p) if chosen(i, p) else p for i, p in enumerate(v.trained)], x, acts)

        return reference

    def lacking(place: int) -> Reference:
        def reference(v: Values, x: Array, acts: Sequence[Function]) -> Array:
            return other(v, [*v.trained[:place], np.zeros(1), *v.trained[place:]], x, acts)

        return reference

    def is_bias(p: Array) -> bool:
        return p.size == max(p.shape, default=1) and p.size < 5000

    for place in range(7):
        yield without(lambda i, p, place=place: i == place and is_bias(p))  # type: ignore[misc]
        yield lacking(place)
    yield without(lambda i, p: is_bias(p))


@operator("wrong-width", "wrong-width", exercises=frozenset({"two_layer_network"}))
def wrong_width(job: Job) -> Iterator[Change]:
    for width in WIDTHS:
        source = job.source.copy()

        def smaller(node: ast.AST, width: int = width) -> ast.AST | None:
            if isinstance(node, ast.Constant) and node.value in (1500, 750):
                return ast.Constant(width if node.value == 1500 else width // 2)
            return None

        if width % 2 and job.program.name.endswith("750"):
            continue
        if not source.replace(source.tree, smaller):
            raise NotApplicable("no width")
        yield Change(str(width), source)


@operator("too-many-layers", "too-many-layers", exercises=ASKED)
def too_many(job: Job) -> Iterator[Change]:
    if job.program.exercise == "one_layer_network":
        yield from _hidden_before_logits(job)
        return
    columns = job.program.logits.__name__ == "columns"
    source = job.source.copy()
    h = source.target_text("hidden")
    dtype = "tf.float64" if "doubles" in job.program.name else "tf.float32"
    lines = []
    if "fully_convolutional" in job.program.name:
        raise NotApplicable("a convolution's features")
    turned = f"tf.transpose({h})" if columns else h
    for k, (n, m) in enumerate(((1500, 40), (40, 1500))):
        lines.append(
            f"{EXTRA}_W{k} = tf.get_variable('{EXTRA}_W{k}', [{n}, {m}], {dtype}, tf.glorot_uniform_initializer())\n"
            f"{EXTRA}_b{k} = tf.get_variable('{EXTRA}_b{k}', [{m}], {dtype}, tf.zeros_initializer())\n"
        )
    lines.append(
        f"{EXTRA}_h = tf.nn.relu(tf.matmul({turned}, {EXTRA}_W0) + {EXTRA}_b0)\n"
        f"{EXTRA}_h = tf.nn.relu(tf.matmul({EXTRA}_h, {EXTRA}_W1) + {EXTRA}_b1)\n"
        f"{h} = " + (f"tf.transpose({EXTRA}_h)" if columns else f"{EXTRA}_h") + "\n"
    )
    if job.program.copies is not None:
        raise NotApplicable("the layer is made twice")
    source.insert_after(source.role("hidden"), "".join(lines))

    def formula(old: Reference, v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w0, b0, w1, b1 = (v[f"{EXTRA}_{n}"] for n in ("W0", "b0", "W1", "b1"))
        relu = ACTIVATIONS["relu"]
        return old(v, x, [lambda z: relu(relu(acts[0](z) @ w0 + b0) @ w1 + b1)])

    # Where a program lists the variables that it trains, the new ones are not among them.
    listed = ("adam_by_assign", "adam_in_a_class", "beside_the_one_layer", "plain_class", "adam_written_out")
    also = frozenset({"layers-not-trained"}) if any(name in job.program.name for name in listed) else frozenset()
    yield Change("two more between", source, computing(formula), also=also)


def _hidden_before_logits(job: Job) -> Iterator[Change]:
    dtype = "tf.float64" if "doubles" in job.program.name else "tf.float32"
    z = job.source.target_text("logits")
    for variant, act in (("relu", "tf.nn.relu"), ("sigmoid", "tf.nn.sigmoid")):
        source = job.source.copy()
        source.insert_after(
            source.role("logits"),
            f"{EXTRA}_W = tf.get_variable('{EXTRA}_W', [10, 10], {dtype}, tf.glorot_uniform_initializer())\n"
            f"{EXTRA}_b = tf.get_variable('{EXTRA}_b', [10], {dtype}, tf.zeros_initializer())\n"
            f"{z} = tf.matmul({act}({z}), {EXTRA}_W) + {EXTRA}_b\n",
        )
        function = ACTIVATIONS[variant]

        def formula(
            old: Reference, v: Values, x: Array, acts: Sequence[Function], function: Function = function
        ) -> Array:
            return function(old(v, x, acts)) @ v[f"{EXTRA}_W"] + v[f"{EXTRA}_b"]

        # What was the last layer and may begin at zero is a hidden one now; by hand only what is named is trained.
        also = {"beginners_tutorial": "zero-initialisation", "adam_written_out": "layers-not-trained"}
        named = frozenset(code for name, code in also.items() if name in job.program.name)
        yield Change(variant, source, computing(formula), also=named)


def _reads_images(job: Job) -> str:
    """The images as the logits' statement would name them by mistake."""
    x = job.source.target_text("images")
    if "doubles" in job.program.name or "no_placeholders" in job.program.name:
        x = "x"
    return f"tf.transpose({x})" if job.program.logits.__name__ == "columns" else x


def _makes_variables(job: Job) -> bool:
    """Whether the statement of the hidden layer makes the layer's variables."""
    made = {"dense", "layer", "fully_connected_layer"}
    calls = [node for node in ast.walk(job.source.value("hidden")) if isinstance(node, ast.Call)]
    return any(dotted(call.func) in made or isinstance(call.func, ast.Call) for call in calls)


def _last_layer_alone(job: Job) -> Reference:
    columns = job.program.logits.__name__ == "columns"

    def linear(v: Values, x: Array, acts: Sequence[Function]) -> Array:
        w, b = v.trained[-2:]
        return x @ (w.T if columns else w) + b.reshape(-1)

    return linear


@operator("output-reads-images", "layer-not-connected", exercises=frozenset({"two_layer_network"}))
def reads_images(job: Job) -> Iterator[Change]:
    """The last layer reads X; the hidden layer is computed for nothing."""
    if job.program.copies is not None or job.program.logits.__name__ not in {"mlp", "columns"}:
        raise NotApplicable("the layer is not one statement")
    source = job.source.copy()
    if not source.replace_text(source.role("logits"), source.target_text("hidden"), _reads_images(job)):
        raise NotApplicable("the logits' statement does not name the hidden layer")
    if not _makes_variables(job):

        def width(node: ast.AST) -> ast.AST | None:
            return ast.Constant(784) if isinstance(node, ast.Constant) and node.value == 1500 else None

        source.replace(source.tree, width)
    linear = _last_layer_alone(job)
    also = frozenset({"too-few-layers", "missing-activation", "layers-not-trained", "wrong-width"})
    yield Change("X for h", source, lambda e: replace(e, references=(linear,), acts=(), optimizer=None), also=also)


@operator("layer-left-out", "too-few-layers", exercises=frozenset({"two_layer_network"}))
def left_out(job: Job) -> Iterator[Change]:
    """The hidden layer is not made at all."""
    if job.program.copies is not None or not _makes_variables(job) or "unused" in job.program.name:
        raise NotApplicable("its variables are made elsewhere")
    source = job.source.copy()
    statement = source.role("hidden")
    assert isinstance(statement, ast.Assign)
    pair = isinstance(statement.targets[0], ast.Tuple)
    x = _reads_images(job)
    source.set_value("hidden", expression(f"({x}, None)" if pair else x))
    linear = _last_layer_alone(job)
    yield Change("one layer", source, lambda e: replace(e, references=(linear,), acts=(), optimizer=None))


def _initialisers(source: Source) -> list[int]:
    names = (
        "glorot_uniform_initializer",
        "glorot_normal_initializer",
        "glorot_uniform",
        "he_normal",
        "he_uniform",
        "lecun_normal",
        "variance_scaling_initializer",
        "random_uniform_initializer",
        "GlorotUniform",
        "random_uniform",
        "truncated_normal",
        "random_normal",
    )
    return [
        index
        for index, node in enumerate(ast.walk(source.tree))
        if isinstance(node, ast.Call)
        and dotted(node.func).startswith("tf.")
        and dotted(node.func).split(".")[-1] in names
    ]


def _start(job: Job, maker: str, tensor: str) -> Source:
    """Each random start replaced: `maker` for an initialiser, `tensor` (of ``{shape}``) for a value."""
    source = job.source.copy()
    places = _initialisers(source)
    if not places or "augmented" in job.program.name or "stochastic" in job.program.name:
        raise NotApplicable("no starting values in the program")
    nodes = list(ast.walk(source.tree))
    new: dict[int, ast.expr] = {}
    for place in places:
        node = nodes[place]
        assert isinstance(node, ast.Call)
        value = dotted(node.func).split(".")[-1] in {"random_uniform", "truncated_normal", "random_normal"}
        text = tensor.format(shape=ast.unparse(node.args[0])) if value else maker
        new[id(node)] = expression(text)
    source.replace(source.tree, lambda node: new.get(id(node)))
    return source


def _weights(run: Run) -> list[Array]:
    return [v for n in run.trained_names if (v := run.initial[n]).ndim >= 2 and min(v.shape) > 1]


def _all_equal(run: Run) -> str | None:
    return None if all(np.ptp(w) == 0 for w in _weights(run)) else "weights are not all equal"


def _spread_of_one(run: Run) -> str | None:
    # The deviation of n numbers from N(0, 1) differs from 1 by 1 / sqrt(2 n), usually.
    near = all(abs(w.std() - 1) < max(0.1, 5 / np.sqrt(2 * w.size)) for w in _weights(run))
    return None if near else "weights do not spread as N(0, 1)"


def _plain(job: Job) -> None:
    if any(word in job.program.name for word in ("normal", "norm", "batchnorm", "flat", "keras", "prelu", "packed")):
        raise NotApplicable("its weights start otherwise")


@operator("zero-initialisation", "zero-initialisation", exercises=HIDDEN)
def zeros(job: Job) -> Iterator[Change]:
    _plain(job)
    source = _start(job, "tf.zeros_initializer()", "tf.zeros({shape})")
    yield Change("zeros", source, lambda e: replace(e, optimizer=None).also(_all_equal))


@operator("constant-initialisation", "constant-initialisation", exercises=HIDDEN)
def constants(job: Job) -> Iterator[Change]:
    _plain(job)
    for value in (0.1, 0.02):
        source = _start(job, f"tf.constant_initializer({value})", f"tf.fill({{shape}}, {value})")
        yield Change(str(value), source, lambda e: replace(e, optimizer=None).also(_all_equal))


@operator("huge-initialisation", "huge-initialisation")
def huge(job: Job) -> Iterator[Change]:
    _plain(job)
    source = _start(job, "tf.random_normal_initializer()", "tf.random_normal({shape})")
    yield Change("N(0, 1)", source, lambda e: replace(e, optimizer=None).also(_spread_of_one))


def _two_evaluations_differ(run: Run) -> str | None:
    x, _, digits = rows()
    one, two = run.fetch("logits", x, digits), run.fetch("logits", x, digits)
    return "two evaluations agree" if one is None or two is None or np.allclose(one, two) else None


@operator("dropout-at-evaluation", "dropout-at-evaluation")
def dropout(job: Job) -> Iterator[Change]:
    for variant, call in (
        ("rate 0.3", "tf.nn.dropout({t}, rate=0.3)"),
        ("keep 0.5", "tf.nn.dropout({t}, keep_prob=0.5)"),
        ("own mask", "{t} * tf.cast(tf.random_uniform(tf.shape({t})) < 0.8, {t}.dtype) / 0.8"),
        ("noise", "{t} + tf.random_normal(tf.shape({t}), stddev=0.3, dtype={t}.dtype)"),
    ):
        if variant == "noise" and job.program.exercise == "one_layer_network":
            continue
        source = job.source.copy()
        role = "hidden" if source.marked["hidden"] else "logits"
        t = source.target_text(role)
        if role == "hidden" and job.program.copies is not None:
            raise NotApplicable("evaluation has a path of its own")
        source.insert_after(source.role(role), f"{t} = {call.format(t=t)}")
        yield Change(variant, source, lambda e: blank(e).also(_two_evaluations_differ))


def _rows_mix(run: Run) -> str | None:
    x, _, digits = rows()
    try:
        whole = run.fetch("logits", x, digits)
        half = run.fetch("logits", x[:32], digits[:32])
    except Exception as error:  # noqa: BLE001 - TensorFlow's errors have no common base of interest
        return f"half a batch fails: {type(error).__name__}"
    if whole is None or half is None or whole.shape[1:] != half.shape[1:]:
        return "no logits"
    return "rows do not mix" if np.allclose(whole[:32], half, atol=1e-4) else None


@operator("rows-mixed", "rows-mixed")
def rows_mixed(job: Job) -> Iterator[Change]:
    role = "hidden" if job.source.marked["hidden"] else "logits"
    axis = 1 if job.program.logits.__name__ == "columns" and role == "hidden" else 0
    for variant, text in (
        ("mean of the batch", "{t} = {t} - tf.reduce_mean({t}, axis={axis}, keepdims=True)"),
        (
            "batch statistics",
            "{t} = ({t} - tf.reduce_mean({t}, {axis}, keepdims=True))"
            " / (tf.math.reduce_std({t}, {axis}, keepdims=True) + 1e-3)",
        ),
        ("largest of the batch", "{t} = {t} / (tf.reduce_max(tf.abs({t})) + 1e-6)"),
        ("neighbour", "{t} = {t} + 0.5 * tf.roll({t}, 1, axis={axis})"),
    ):
        source = job.source.copy()
        t = source.target_text(role)
        source.insert_after(source.role(role), text.format(t=t, axis=axis))
        yield Change(variant, source, lambda e: blank(e).also(_rows_mix))


def _other_size_fails(run: Run) -> str | None:
    x, _, digits = rows()
    try:
        run.fetch("logits", x[:10], digits[:10])
    except Exception:  # noqa: BLE001 - whatever TensorFlow raises, it does not take ten rows
        return None
    return "ten rows are taken"


def _placeholders(source: Source, role: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(source.value(role))
        if isinstance(node, ast.Call) and dotted(node.func) in {"tf.placeholder", "tf.placeholder_with_default"}
    ]


def _change_images(source: Source, changed: str, job: Job) -> None:
    """Let the program hand over its images as they are, and go on with what is made of them: `changed`, of ``{x}``."""
    x = source.target("images")
    if not isinstance(x, ast.Name) or "doubles" in job.program.name or "keras_step" in job.program.name:
        raise NotApplicable("images are no plain name")
    kept = {id(k.value) for k in ast.walk(source.tree) if isinstance(k, ast.keyword) and k.arg == "X"}
    if not kept:
        raise NotApplicable("X is not handed over by name")

    def renamed(node: ast.AST) -> ast.AST | None:
        loaded = isinstance(node, ast.Name) and node.id == x.id and isinstance(node.ctx, ast.Load)
        return ast.Name(x.id + "_used", ast.Load()) if loaded and id(node) not in kept else None

    source.replace(source.tree, renamed)
    source.insert_after(source.role("images"), f"{x.id}_used = {changed.format(x=x.id)}")


@operator("fixed-batch-size", "fixed-batch-size")
def fixed_batch(job: Job) -> Iterator[Change]:
    def fixed(node: ast.AST) -> ast.AST | None:
        return ast.Constant(64) if isinstance(node, ast.Constant) and node.value is None else None

    for variant, roles in (("images and labels", ("images", "labels")), ("images", ("images",))):
        source = job.source.copy()
        if not all(source.replace(source.role(role), fixed) for role in roles):
            raise NotApplicable("no open size")
        yield Change(variant, source, lambda e: replace(e, optimizer=None).also(_other_size_fails))
    source = job.source.copy()
    _change_images(source, "tf.reshape({x}, [64, 784])", job)
    yield Change("a reshape", source, lambda e: replace(e, optimizer=None).also(_other_size_fails))


def _pixels_are_lost(run: Run) -> str | None:
    x, _, digits = rows()
    try:
        half = run.fetch("logits", (x * 0.9).astype(np.float32), digits)
        none = run.fetch("logits", np.zeros_like(x), digits)
    except (ValueError, TypeError):
        return None
    return None if half is not None and none is not None and np.allclose(half, none) else "pixels in [0, 1] arrive"


@operator("wrong-placeholder", "wrong-placeholder")
def wrong_placeholder(job: Job) -> Iterator[Change]:
    for variant, dtype, shape, turned in (
        ("int32", "tf.int32", "[None, 784]", "tf.cast({x}, tf.float32)"),
        ("uint8", "tf.uint8", "[None, 784]", "tf.cast({x}, tf.float32)"),
        ("pictures", "tf.float32", "[None, 28, 28]", "tf.reshape({x}, [-1, 784])"),
    ):
        source = job.source.copy()
        _change_images(source, turned, job)
        calls = _placeholders(source, "images")
        if len(calls) != 1 or dotted(calls[0].func) != "tf.placeholder":
            raise NotApplicable("no plain placeholder")
        calls[0].args = [expression(dtype), expression(shape)]
        calls[0].keywords = []
        yield Change(variant, source, lambda e: blank(e).also(_pixels_are_lost))
