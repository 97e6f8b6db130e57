"""Operators on the optimizer, its learning rate and its variables; on missing or duplicate parts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tests.corpus.oracle import Expect, Run, rows
from tests.corpus.source import NotApplicable, dotted, expression

from .base import ASKED, Change, Job, blank, computing, operator, optimizer_call

OTHERS = {
    "sgd": ("tf.train.GradientDescentOptimizer({rate})", "sgd"),
    "momentum": ("tf.train.MomentumOptimizer({rate}, 0.9)", "momentum"),
    "nesterov": ("tf.train.MomentumOptimizer({rate}, momentum=0.9, use_nesterov=True)", "nesterov"),
    "rmsprop": ("tf.train.RMSPropOptimizer({rate})", "rmsprop"),
    "adagrad": ("tf.train.AdagradOptimizer({rate})", "adagrad"),
    "adadelta": ("tf.train.AdadeltaOptimizer({rate})", None),
    "ftrl": ("tf.train.FtrlOptimizer({rate})", None),
}


def not_descending(run: Run) -> str | None:
    """The first step is no descent of the loss: its signs are not those of the gradient's negative."""
    gradients, moves = run.moves(1)
    agree, count = 0.0, 0.0
    for g, m in zip(gradients[0], moves[0], strict=True):
        if g is None:
            continue
        clear = np.abs(g) > 0.1 * np.abs(g).max()
        agree += float((np.sign(m[clear]) == -np.sign(g[clear])).sum())
        count += float(clear.sum())
    return None if count and agree / count < 0.9 else "the first step descends the loss"


def unmoved(run: Run) -> list[str]:
    """Names of variables that training is meant to move and does not."""
    _, moves = run.moves(2)
    still = [all(not np.any(step[i]) for step in moves) for i in range(len(run.trained_names))]
    return [name for name, quiet in zip(run.trained_names, still, strict=True) if quiet]


def _some_unmoved(run: Run) -> str | None:
    return None if unmoved(run) else "every variable moves"


def _fewer_trainable(run: Run) -> str | None:
    floats = {n: v for n, v in run.initial.items() if v.ndim >= 2 and n not in run.trained_names and "dam" not in n}
    weights = [n for n, v in floats.items() if v.shape[0] == 784 or v.shape[-1] == 10]
    if not weights:
        return "all weights are trainable"
    x, _, digits = rows()
    before = run.values()
    run.session.run(run.part("train_op"), run.feeds(x, digits))
    after = run.values()
    run.restore()
    still = any(np.array_equal(before[name], after[name]) for name in weights)
    return None if still else "what is not called trainable is trained all the same"


@operator("layers-not-trained", "layers-not-trained", trains=True)
def not_trained(job: Job) -> Iterator[Change]:
    def expect(e: Expect) -> Expect:
        return replace(e, optimizer=None).also(_some_unmoved)

    count = {"one_layer_network": 2, "two_layer_network": 4}.get(job.program.exercise, 6)
    cuts = ("[1:]", "[:1]") if count == 2 else ("[:2]", "[-2:]", "[2:]")
    for cut in cuts:
        source = job.source.copy()
        calls = [
            node
            for node in ast.walk(source.role("train"))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "minimize"
        ]
        if not calls or any(k.arg == "var_list" for k in calls[0].keywords):
            break
        if any(
            word in job.program.name for word in ("one_flat", "row_of_ones", "unused", "ten_neurons", "partitioned")
        ):
            break
        calls[0].keywords.append(ast.keyword("var_list", expression(f"tf.trainable_variables(){cut}")))
        yield Change(f"var_list {cut}", source, expect)
    if job.source.marked["hidden"] and job.program.copies is None and "keras_training" not in job.program.name:
        source = job.source.copy()
        h = source.target_text("hidden")
        source.insert_after(source.role("hidden"), f"{h} = tf.stop_gradient({h})")
        yield Change("stop_gradient", source, expect)
    yield from _untrainable(job)


def _untrainable(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or dotted(node.func) not in {"tf.Variable", "tf.get_variable"}:
            continue
        text = ast.unparse(node)
        if ("784" in text or "1500" in text) and "trainable" not in text and "[1500]" not in text:
            node.keywords.append(ast.keyword("trainable", ast.Constant(False)))
            if any(
                word in job.program.name for word in ("one_flat", "row_of_ones", "ten_neurons", "beside", "averaged")
            ):
                break
            yield Change("trainable=False", source, lambda e: blank(e).also(_fewer_trainable))
            break


@operator("wrong-optimizer", "wrong-optimizer", exercises=ASKED, trains=True)
def wrong_optimizer(job: Job) -> Iterator[Change]:
    for variant, (text, kind) in OTHERS.items():
        source = job.source.copy()
        calls = [call for call in optimizer_call(source) if dotted(call.func) == "tf.train.AdamOptimizer"]
        if "beside" in job.program.name:
            calls = calls[-1:]
        if not calls:
            break
        new = {id(call): expression(text.format(rate=_rate(call))) for call in calls}
        source.replace(source.tree, lambda node, new=new: new.get(id(node)))

        def expect(e: Expect, kind: str | None = kind) -> Expect:
            if e.optimizer is None:
                return e
            if kind is None or "clip" in job.program.name:
                return replace(e, optimizer=None).also(_not_adam(e.optimizer[1]))
            return replace(e, optimizer=(kind, *e.optimizer[1:]))

        yield Change(variant, source, expect)
    if "keras.optimizers.Adam" in job.source.text():
        for name in ("SGD", "RMSprop", "Adagrad"):
            source = job.source.copy()
            source.replace_text(source.tree, "keras.optimizers.Adam", f"keras.optimizers.{name}")
            yield Change(f"Keras {name}", source, lambda e: replace(e, optimizer=None).also(_not_adam(job.rate)))


def _rate(call: ast.Call) -> str:
    if call.args:
        return ast.unparse(call.args[0])
    for keyword in call.keywords:
        if keyword.arg == "learning_rate":
            return ast.unparse(keyword.value)
    return "0.001"


def _not_adam(rate: float):
    def check(run: Run) -> str | None:
        from tests.corpus.oracle import steps_off

        return None if steps_off(run, "adam", rate, 1.0) else "the first steps are Adam's"

    return check


@operator("learning-rate-not-as-stated", "learning-rate-not-as-stated", exercises=ASKED, trains=True)
def other_rate(job: Job) -> Iterator[Change]:
    def with_rate(rate: float):
        def expect(e: Expect) -> Expect:
            return e if e.optimizer is None else replace(e, optimizer=(e.optimizer[0], rate, e.optimizer[2]))

        return expect

    default = {"one_layer_network": 0.003, "two_layer_network": 0.001}[job.program.exercise]
    for variant, text, rate in (
        ("default always", f"learning_rate = {default}", default),
        ("0.01", "learning_rate = 0.01", 0.01),
        ("ten times", "learning_rate = 10 * learning_rate", 10 * job.rate),
        ("a tenth", "learning_rate = learning_rate / 10", job.rate / 10),
        ("half", "learning_rate = learning_rate / 2", job.rate / 2),
    ):
        source = job.source.copy()
        source.entry().body[:0] = ast.parse(text).body
        yield Change(variant, source, with_rate(rate))
    source = job.source.copy()
    calls = optimizer_call(source)
    if len(calls) == 1 and dotted(calls[0].func) == "tf.train.AdamOptimizer":
        calls[0].args, calls[0].keywords = [], []
        yield Change("no argument", source, with_rate(0.001))


@operator("schedule-not-fed", "schedule-not-fed", exercises=ASKED)
def not_fed(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    calls = [call for call in optimizer_call(source) if dotted(call.func) == "tf.train.AdamOptimizer"]
    if not calls:
        raise NotApplicable("no optimizer of the library")
    call = calls[-1]
    call.args, call.keywords = [expression("tf.placeholder(tf.float32, [])")], []

    def fails(run: Run) -> str | None:
        try:
            run.moves(1)
        except Exception:  # noqa: BLE001 - TensorFlow says that a placeholder must be fed
            return None
        return "a step runs without the rate"

    yield Change("placeholder", source, lambda e: replace(e, optimizer=None).also(fails))


@operator("missing-tensor", "missing-tensor")
def missing(job: Job) -> Iterator[Change]:
    for role in ("train", "accuracy"):
        source = job.source.copy()
        if not isinstance(source.target(role), ast.Name) or job.program.name.endswith(
            ("averaged_weights", "kept_aside")
        ):
            raise NotApplicable("the part has no name of its own")
        if role == "train" and source.target_text(role) not in {
            "train_op",
            "train_step",
            "train",
            "step",
            "update",
            "optimizer",
            "paso",
            "treino",
        }:
            continue
        source.set_value(role, ast.Constant(None))
        part = {"train": "train_op", "accuracy": "accuracy"}[role]

        def gone(run: Run, part: str = part) -> str | None:
            return None if run.part(part) is None else f"{part} is there"

        def expect(e: Expect, role: str = role, gone=gone) -> Expect:
            e = replace(e, optimizer=None) if role == "train" else replace(e, accuracy=None, optimizer=None)
            return e.also(gone)

        yield Change(part, source, expect)


@operator("built-in-default-graph", "built-in-default-graph")
def default_graph(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.With) and ".as_default()" in ast.unparse(node.items[0].context_expr):
            if node.items[0].optional_vars is not None or "self" in ast.unparse(node.items[0]):
                continue
            node.items[0].context_expr = expression("tf.Graph().as_default()")
            yield Change("another graph", source, blank, also=frozenset({"missing-tensor"}))
            return


@operator("built-twice", "built-twice", remark=True)
def twice(job: Job) -> Iterator[Change]:
    source = job.source.copy()
    if not source.replace_text(source.tree, "tf.Graph()", "shared_graph"):
        raise NotApplicable("the default graph is used")

    def doubled(run: Run) -> str | None:
        shapes = [run.initial[n].shape for n in run.trained_names]
        half = len(shapes) // 2
        return None if shapes[:half] == shapes[half:] else "variables are not doubled"

    def second(old, v, x, acts):
        return old(type(v)(v.trained[len(v.trained) // 2 :], v.by_name), x, acts)

    def expect(e: Expect) -> Expect:
        return replace(computing(second)(e), loss=None, optimizer=None).also(doubled)

    if "label_smoothing" in job.program.name:
        raise NotApplicable("its losses add up in a collection")
    yield Change("called twice", source, expect, switches=frozenset({"twice"}))
