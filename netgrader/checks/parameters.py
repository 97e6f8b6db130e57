"""What may stand in ``exercises.toml``: the parameters of exercises and limits of a run, and what each of their values may be.

Bounds lie where no exercise needs to be and where what is asked for could not be done within a grading any more. Whether
values go together says `netgrader.checks.problems`.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from netgrader.reader import Exercise

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = [
    "APART",
    "DATA",
    "ERRORS",
    "EXERCISES",
    "EXERCISE_FIELDS",
    "FILES",
    "GREY",
    "KINDS",
    "LIMITED",
    "LIMITS",
    "LOSSES",
    "NEEDED",
    "NEEDED_OF_NUMBERS",
    "NEEDED_OF_ROWS",
    "NETWORKS",
    "OF_ERRORS",
    "OF_FLAT_ROWS",
    "OTHER_SWEEP",
    "RATE_SWEPT",
    "READ",
    "RELEASE",
    "RESERVED",
    "STUDENT_LIMITS",
    "TEXTS",
    "Files",
    "calls_of",
    "kinds_of",
    "one_of",
    "words_of",
]

# Kinds that an exercise may ask for: of those that the reader tells apart, what makes sense to ask for.
ACTIVATIONS = frozenset(
    {"none", "relu", "leaky-relu", "relu6", "elu", "selu", "gelu", "swish", "softplus", "sigmoid", "tanh"}
)
LOSSES = frozenset({"softmax-cross-entropy"})
LAYERS = frozenset({"dense", "conv2d", "depthwise-conv2d", "conv2d-transpose"})
ERRORS = frozenset({"mean-squared-error", "mean-absolute-error", "huber", "root-mean-squared-error"})
"""Losses of a regression."""
OPTIMIZERS = frozenset({"sgd", "momentum", "adam", "amsgrad", "adamax", "rmsprop", "adagrad", "adadelta", "ftrl"})
CASE_ACTIVATIONS = frozenset({"none", "relu", "sigmoid", "bent"})
"""What a single layer is asked for with: the probes build these, and the tests compute them."""

APART = 1.5
"""The factor by which the rates that a network is asked for lie apart, at least."""


def kinds_of(tables: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the kind of each exercise that has one: what ``[exercises]`` says."""
    return {name: str(kind) for name, kind in tables.get(EXERCISES, {}).items()}


def words_of(kind: Any) -> str | None:
    """Return what a value of this kind must be, in words."""
    return next((meta.description for meta in kind.__metadata__ if meta.description), None)


def _whole(low: int, high: int) -> Any:
    return Annotated[int, Meta(ge=low, le=high, description=f"a whole number from {low:,} to {high:,}")]


def _number(low: float, high: float) -> Any:
    return Annotated[float, Meta(ge=low, le=high, description=f"a number from {low:,} to {high:,}")]


def one_of(names: Collection[str]) -> Any:
    """Return the kind of a text that is one of `names`."""
    return Annotated[Literal[tuple(names)], Meta(description=f"one of {', '.join(sorted(names))}")]


def _list_of(each: Any, most: int, plural: str) -> Any:
    return Annotated[list[each], Meta(min_length=1, max_length=most, description=f"a list of up to {most} {plural}")]


def _entries(**kinds: Any) -> Any:
    """Return the kind of a list of tables, each with these entries and maybe others."""
    words = "; ".join(f"{name}, {words_of(kind)}" for name, kind in kinds.items())
    each = msgspec.defstruct("Entry", list(kinds.items()))
    return Annotated[list[each], Meta(min_length=1, description=f"a list of tables with {words}")]  # type: ignore[valid-type]


WIDTH = _whole(1, 20_000)
RATE = _number(1e-8, 100)
SHARE = Annotated[float, Meta(gt=0, lt=1, description="a share between 0 and 1, such as 0.5 for 50 %")]
AMOUNT = Annotated[float, Meta(gt=0, description="a number above 0, in the unit of the targets")]
YES_OR_NO = Annotated[bool, Meta(description="true or false")]


IDENTIFIER = r"^[A-Za-z_]\w{0,60}$"
SWEPT_VALUE = _number(0, 1_000_000)


class Between(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Two numbers, the smaller one first."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError


class Interval(Between):
    """Two values of what is swept."""

    low: Annotated[float, SWEPT_VALUE.__metadata__[0]]
    high: Annotated[float, SWEPT_VALUE.__metadata__[0]]


class Range(Between):
    """Two rates."""

    low: Annotated[float, RATE.__metadata__[0]]
    high: Annotated[float, RATE.__metadata__[0]]


class Files(msgspec.Struct, forbid_unknown_fields=True):
    """The table ``[files]``."""

    names: Annotated[tuple[Annotated[str, Meta(pattern=r"^\w[\w.-]{0,80}$")], ...], Meta(min_length=1, max_length=50)]
    """Of files beside the notebooks in ``source/``: they are released, and notebooks have them in the cage."""


READ = "read"
"""The table in an exercise's with what is asked of a graph that is read by itself; in grading other cells ask it."""


def calls_of(rows: int) -> Any:
    """Return the kind of a list of calls of a training loop; a minibatch has at most so many `rows`."""
    # A minibatch of 16 means 3,750 steps an epoch of 60,000 images, as many as a call has time for.
    return _entries(n_epochs=_whole(1, 20), mini_batch_size=_whole(16, rows))


KINDS: Mapping[str, Any] = {
    "widths": _list_of(WIDTH, 20, f"widths, each {words_of(WIDTH)}"),
    "activations": _list_of(one_of(ACTIVATIONS), 20, f"names among {', '.join(sorted(ACTIVATIONS))}"),
    "kinds": _list_of(one_of(LAYERS), 20, f"names among {', '.join(sorted(LAYERS))}"),
    "kernel_sizes": _list_of(_whole(1, 99), 20, "sides of windows, each a whole number from 1 to 99"),
    "inputs": _whole(1, 100_000),
    "input_shape": _list_of(_whole(1, 100_000), 4, "sizes, each a whole number from 1 to 100,000"),
    "classes": _whole(2, 1_000),
    "outputs": _whole(1, 1_000),
    "targets": Annotated[Between, Meta(description="two numbers, the smaller one first")],
    "min_layers": _whole(1, 20),
    "min_conv_layers": _whole(1, 20),
    "bias": YES_OR_NO,
    "estimates_time": YES_OR_NO,
    "only_in_grading": Annotated[str, Meta(min_length=1, description="the end of a sentence, in quotes")],
    "keras": YES_OR_NO,
    "nonlinear": YES_OR_NO,
    "loss": one_of(LOSSES | ERRORS),
    "optimizer": one_of(OPTIMIZERS),
    "initialisation": one_of({"glorot-uniform"}),
    "learning_rate": RATE,
    "other_rates": _whole(0, 10),
    "rates_between": Annotated[Range, Meta(description=f"two numbers, the smaller one first, each {words_of(RATE)}")],
    "cases": _entries(inputs=_whole(2, 10_000), outputs=_whole(2, 10_000), activation=one_of(CASE_ACTIVATIONS)),
    "calls": calls_of(1_000_000),
    "seconds": _number(1, 600),
    "rates": _whole(2, 50),
    "decades": _number(0.5, 10),
    "network": Annotated[str, Meta(description="the name of an exercise that asks for a network")],
    "parameter": Annotated[str, Meta(pattern=IDENTIFIER, description="the name of a hyperparameter")],
    "argument": Annotated[str, Meta(pattern=IDENTIFIER, description="the name of an argument")],
    "values": _whole(2, 50),
    "span": SWEPT_VALUE,
    "between": Annotated[
        Interval, Meta(description=f"two numbers, the smaller one first, each {words_of(SWEPT_VALUE)}")
    ],
    "epochs": _whole(1, 100),
    "least_accuracy": SHARE,
    "largest_error": AMOUNT,
    "error": one_of({"mean-absolute-error", "root-mean-squared-error"}),
    "target": SHARE,
    "full": SHARE,
    "none": SHARE,
    "runs": _whole(1, 10),
    "plausible": SHARE,
    READ: Annotated[dict[str, Any], Meta(description="a table of what is asked of a network")],
}
"""What makes sense for each parameter; tables may have others, for tests of one's own."""

NETWORKS = ("network", "free-network")
NETWORK = ("widths", "activations", "bias", "loss", "optimizer", "learning_rate")
NEEDED: Mapping[str, Sequence[str]] = {
    "data": (),
    "layer": ("cases",),
    "network": NETWORK,
    "free-network": ("min_layers",),
    "training-loop": ("calls", "seconds"),
    "sweep": ("rates", "decades", "network"),
    "training": ("epochs", "least_accuracy"),
    "free-training": ("least_accuracy",),
    "target": ("target", "full", "none"),
    "gradients": (),
}
"""The kinds of exercises, and what the table of each must have; what else it may have stands for itself if it is absent."""
RATE_SWEPT, OTHER_SWEEP = "learning_rate", ("values", "network")
"""What is swept where nothing is said, and what the table of a sweep of something else must have."""
OF_ERRORS: Mapping[str, Any] = dict.fromkeys(("target", "full", "none"), AMOUNT)
"""What makes sense where the targets are numbers: a target is then an error, reached by what is not above it."""
NEEDED_OF_NUMBERS: Mapping[str, Sequence[str]] = {
    **{kind: NEEDED[kind] for kind in ("data", "network", "free-network", "target")},
    "free-training": ("largest_error",),
}
"""The kinds of exercises of a regression."""
GREY = "largest"
NEEDED_OF_ROWS: Mapping[str, Sequence[str]] = {kind: keys for kind, keys in NEEDED.items() if kind != "training-loop"}
"""The kinds of exercises on inputs that are no grey levels, by which is told which rows a loop was fed."""

OF_FLAT_ROWS = frozenset({"training-loop", "gradients"})
"""Kinds of exercises on inputs that are fed as flat rows."""

DATA, EXERCISES, LIMITED, FILES, RELEASE, TEXTS = "data", "exercises", "limits", "files", "release", "texts"
RESERVED = (DATA, EXERCISES, LIMITED, FILES, RELEASE, TEXTS)
"""Tables that are of no exercise."""
DAY = 86_400
LIMITS: Mapping[str, Any] = {
    "cell_seconds": _number(1, DAY),
    "notebook_seconds": _number(1, DAY),
    "capture_seconds": _number(1, DAY),
    "memory_bytes": _whole(500_000_000, 1_000_000_000_000),  # a kernel with TensorFlow needs 500 MB
    "cores": _number(0.1, 1024),
    "processes": _whole(16, 100_000),
    "disk_bytes": _whole(1_000_000, 1_000_000_000_000),
    "text_characters": _whole(100, 10_000_000),
    "output_bytes": _whole(1_000, 1_000_000_000),
    "outputs": _whole(1, 100_000),
    "notebook_output_bytes": _whole(1_000, 1_000_000_000),
    "received_bytes": _whole(1_000_000, 1_000_000_000_000),
    "notebook_evidence_bytes": _whole(1_000_000, 1_000_000_000_000),
}
"""What makes sense for each limit of a run, as `netgrader.grading.execution.ExecutionLimits` has them."""
STUDENT_LIMITS: Mapping[str, Any] = {
    "student_seconds": _number(1, 100 * DAY),
    "student_evidence_bytes": _whole(0, 1_000_000_000_000),
}
"""What makes sense for each limit of all that a student hands in: `netgrader.grading.budget.Budget`."""
EXERCISE_FIELDS = frozenset(field.name for field in fields(Exercise)) - {"name", "image_shape"}
