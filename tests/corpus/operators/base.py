"""The type of operators: each changes a right program as a student might, and states the expected measurements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from tests.corpus.catalogue import Program
from tests.corpus.formulas import Array
from tests.corpus.oracle import Expect
from tests.corpus.source import NotApplicable, Source, dotted

__all__ = [
    "Change",
    "Job",
    "Operator",
    "activation_sites",
    "blank",
    "computing",
    "labels",
    "logits_in_loss",
    "operator",
    "optimizer_call",
]


@dataclass(frozen=True)
class Job:
    """A program that an operator works on: `rate` is the rate that the exercise asks for."""

    program: Program
    source: Source
    rate: float


@dataclass(frozen=True)
class Change:
    """One product of an operator.

    Attributes
    ----------
    variant
        Which of the operator's ways this is.
    source
        The changed program.
    expect
        What the oracle must measure, from what it had to measure before.
    codes
        Codes that must be named, where they differ from the operator's; `also` may be named besides.
    switches
        How it is built, see `building.build`.
    parts
        Which parts are handed over with the graph: ``all``, ``X Y`` or ``none``.
    remark
        Whether a remark is what its codes must be named as.
    """

    variant: str
    source: Source
    expect: Callable[[Expect], Expect] = lambda expect: expect
    codes: frozenset[str] | None = None
    also: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    parts: str = "all"
    remark: bool = False


Apply = Callable[[Job], Iterator[Change]]


@dataclass(frozen=True)
class Operator:
    """A named way to change programs; no codes: the program stays right.

    `remark`: its codes cost no points. `trains`: it touches the optimizer or what is minimised by it.
    """

    name: str
    codes: frozenset[str]
    exercises: frozenset[str]
    apply: Apply
    remark: bool = False
    trains: bool = False

    def changes(self, job: Job) -> list[Change]:
        """All its products of one program; empty where it does not apply."""
        if job.program.exercise not in self.exercises:
            return []
        found: list[Change] = []
        try:
            for change in self.apply(job):
                found.append(change if change.codes is not None else replace(change, codes=self.codes))
        except NotApplicable:
            pass  # what was found before stands; the report counts what there is
        return found


OPERATORS: dict[str, Operator] = {}
ALL = frozenset({"one_layer_network", "two_layer_network", "deep_network"})
ASKED = frozenset({"one_layer_network", "two_layer_network"})
HIDDEN = frozenset({"two_layer_network", "deep_network"})


def operator(
    name: str, *codes: str, exercises: frozenset[str] = ALL, remark: bool = False, trains: bool = False
) -> Callable[[Apply], Apply]:
    """Register an operator."""

    def register(apply: Apply) -> Apply:
        OPERATORS[name] = Operator(name, frozenset(codes), exercises, apply, remark, trains)
        return apply

    return register


def blank(e: Expect) -> Expect:
    """An expectation without formulas."""
    return replace(e, references=(), loss=None, accuracy=None, optimizer=None)


def computing(formula: Callable[..., Array]) -> Callable[[Expect], Expect]:
    """Logits by a formula of the old reference and of what a reference is given."""
    return lambda e: replace(e, references=tuple(partial(formula, old) for old in e.references))


def labels(job: Job) -> str:
    """The labels as one-hot rows, as an expression."""
    return job.program.onehot or job.source.target_text("labels")


def logits_in_loss(job: Job) -> str:
    """The logits in the statement of the loss, as an expression."""
    return job.program.in_loss or job.source.target_text("logits")


def optimizer_call(source: Source) -> list[ast.Call]:
    """Calls that make a TensorFlow optimizer."""
    return [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).startswith("tf.train.") and "Optimizer" in dotted(node.func)
    ]


KNOWN = ("relu", "relu6", "sigmoid", "tanh", "elu", "selu", "softplus", "leaky_relu", "swish")


def activation_sites(job: Job) -> list[Callable[[Source, str], None]]:
    """For each place where a hidden layer's activation is applied: a function that puts another one there.

    It is given a copy of the job's source and an expression of a function (``tf.nn.sigmoid``).
    """
    found: list[Callable[[Source, str], None]] = []
    for old, argument in job.program.sites:

        def swap(source: Source, function: str, old: str = old, argument: str = argument) -> None:
            if not source.replace_text(source.tree, old, f"{function}({argument})"):
                raise NotApplicable(old)

        found.append(swap)
    if found:
        return found
    for path in _activation_nodes(job.source):

        def put(source: Source, function: str, path: tuple[int, str] = path) -> None:
            node = _nodes(source)[path[0]]
            if path[1] == "call" and isinstance(node, ast.Call):
                node.func = ast.parse(function, mode="eval").body
                node.args, node.keywords = node.args[:1], []
            elif path[1] == "function":
                new = ast.parse(function, mode="eval").body
                source.replace(source.tree, lambda candidate: new if candidate is node else None)
            elif isinstance(node, ast.Constant):
                node.value = {"identity": "linear", "swish": "silu"}.get(
                    function.split(".")[-1], function.split(".")[-1]
                )

        found.append(put)
    return found


def _nodes(source: Source) -> list[ast.AST]:
    return list(ast.walk(source.tree))


def _activation_nodes(source: Source) -> list[tuple[int, str]]:
    roots = [*source.marked["hidden"], *source.helpers()]
    within = {id(node) for root in roots for node in ast.walk(root)}
    called = {id(node.func) for node in _nodes(source) if isinstance(node, ast.Call)}
    places: list[tuple[int, str]] = []
    for index, node in enumerate(_nodes(source)):
        if isinstance(node, ast.Constant) and node.value == "relu":
            places.append((index, "name"))
        if id(node) not in within:
            continue
        if isinstance(node, ast.Call) and dotted(node.func) in {f"tf.nn.{name}" for name in KNOWN}:
            places.append((index, "call"))
        elif (
            isinstance(node, ast.Attribute) and id(node) not in called and dotted(node) in {f"tf.nn.{n}" for n in KNOWN}
        ):
            places.append((index, "function"))
    return places
