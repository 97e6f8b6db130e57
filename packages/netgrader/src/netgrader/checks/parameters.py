"""The schema of ``exercises.toml``: a Struct for each kind of exercise and each other table.

Bounds exclude values that no exercise needs, or that grading could not handle. `netgrader.checks.rules` has the rules that
depend on several tables.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, get_args

import msgspec
from msgspec import Meta

from netgrader.catalogue import ENGLISH, LANGUAGES
from netgrader.toml_tables import SenselessTableError, entries, number, require, several, whole, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.data import DataSpec

__all__ = [
    "LOOP",
    "OWN",
    "PARAMETERS",
    "RATE",
    "AnyNetworkTerms",
    "CourseLimits",
    "DesignedNetworkTerms",
    "ErrorTargetTerms",
    "ErrorTrainingTerms",
    "ExecutionLimits",
    "Files",
    "FreeNetworkTerms",
    "FreeTrainingTerms",
    "GivenNetworkTerms",
    "LayerTerms",
    "LoopTerms",
    "NetworkTerms",
    "Release",
    "SweepTerms",
    "TargetTerms",
    "Terms",
    "Texts",
    "TrainingTerms",
    "Usual",
    "kinds_on",
]

# The values that an exercise may require: of those that the reader distinguishes, the ones that make sense.
Activation = Literal[
    "none", "relu", "leaky-relu", "relu6", "elu", "selu", "gelu", "swish", "softplus", "sigmoid", "tanh"
]
ClassLoss = Literal["softmax-cross-entropy"]
ErrorLoss = Literal["mean-squared-error", "mean-absolute-error", "huber", "root-mean-squared-error"]
AnyLoss = Literal[ClassLoss, ErrorLoss]
Optimizer = Literal["sgd", "momentum", "adam", "amsgrad", "adamax", "rmsprop", "adagrad", "adadelta", "ftrl"]
CaseActivation = Literal["none", "relu", "sigmoid", "bent"]
"""Activations for single layers: the probes build these, and the tests compute them."""
MeasuredError = Literal["mean-absolute-error", "root-mean-squared-error"]
RATE = "learning_rate"
"""The default parameter of a sweep."""


class Usual:
    """Defaults of exercises' parameters."""

    INSTRUMENT_RATE = 0.003  # of the network that calls a training loop: the rate of the course's first network
    APART = 1.5  # minimum factor between the rates that a network is built at
    PUBLIC_CASES, CASES = 2, 5  # cases of a layer: in exercises.toml, and together with those of hidden.toml
    FEATURES = 4  # fewest features for which three projections distinguish rows at any scale
    RUNS = 3  # maximum of runs, of which the best counts (evaluation/fairness.md)
    DAY = 86_400  # seconds
    CELL_SECONDS = 600.0  # per cell: six times the slowest cell of the digits course


Width = Annotated[int, whole(1, 20_000)]
Widths = Annotated[tuple[Width, ...], several(20, f"widths, each {words_of(Width)}")]
Activations = Annotated[tuple[Activation, ...], several(20, f"names among {', '.join(sorted(get_args(Activation)))}")]
Size = Annotated[int, whole(1, 100_000)]
InputShape = Annotated[tuple[Size, ...], several(4, f"sizes, each {words_of(Size)}")]
Rate = Annotated[float, number(1e-8, 100)]
SweptValue = Annotated[float, number(0, 1_000_000)]
Share = Annotated[float, Meta(gt=0, lt=1, description="a share between 0 and 1, such as 0.5 for 50 %")]
Amount = Annotated[float, Meta(gt=0, description="a number above 0, in the unit of the targets")]
Identifier = r"^[A-Za-z_]\w{0,60}$"
Runs = Annotated[int, whole(1, 10)]


class Between(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Two numbers, the smaller one first."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError


class Interval(Between, frozen=True):
    """Two values of the swept parameter."""

    low: SweptValue
    high: SweptValue


class RateRange(Between, frozen=True):
    """Two learning rates."""

    low: Rate
    high: Rate


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The parameters that any exercise may have."""

    only_in_grading: Annotated[str, Meta(min_length=1, description="the end of a sentence, in quotes")] = ""
    estimates_time: bool = False
    plausible: Share | None = None

    def says(self, *keys: str) -> bool:
        """Whether all these keys have values."""
        return all(getattr(self, key, None) is not None for key in keys)


class AnyNetworkTerms(Terms, frozen=True, kw_only=True):
    """Requirements for a network; the fields of `graphread.Exercise` have the same meaning there."""

    widths: Widths = ()
    activations: Activations = ()
    inputs: Size | None = None
    input_shape: InputShape = ()
    classes: Annotated[int, whole(2, 1_000)] | None = None
    outputs: Annotated[int, whole(1, 1_000)] | None = None
    targets: Annotated[Between, Meta(description="two numbers, the smaller one first")] | None = None
    min_layers: Annotated[int, whole(1, 20)] = 0
    min_conv_layers: Annotated[int, whole(1, 20)] = 0
    bias: bool | None = None
    keras: bool = False
    nonlinear: bool = True
    loss: AnyLoss | None = None
    optimizer: Optimizer | None = None
    initialisation: Literal["glorot-uniform"] | None = None
    learning_rate: Rate | None = None
    other_rates: Annotated[int, whole(0, 10)] = 0
    rates_between: (
        Annotated[RateRange, Meta(description=f"two numbers, the smaller one first, each {words_of(Rate)}")] | None
    ) = None
    read: Annotated[AnyNetworkTerms, Meta(description="a table of what is asked of a network")] | None = None

    def __post_init__(self) -> None:
        layers = len(self.widths or self.activations)
        between = self.activations[:-1] if self.nonlinear else ()
        each = f"have an entry for each layer ({layers})"
        require(self, "activations", len(self.activations) in {0, layers}, each)
        require(self, "activations", "none" not in between, "have none between layers, unless nonlinear is false")
        fewest = f"ask for no more layers than there are ({layers})"
        require(self, "min_layers", self.min_layers <= (layers or math.inf), fewest)
        require(
            self,
            "rates_between",
            self._has_room(),
            f"leave room for {self.other_rates} other_rates a factor of {Usual.APART} apart",
        )

    def _has_room(self) -> bool:
        """Whether the other rates surely find room: each rate drawn excludes others on both sides of it."""
        between = self.rates_between or RateRange(1.0, 1.1)
        return not self.other_rates or between.high / between.low >= Usual.APART ** (2 * (self.other_rates + 1))


class GivenNetworkTerms(AnyNetworkTerms, frozen=True, kw_only=True):
    """A network with a prescribed architecture."""

    widths: Widths
    activations: Activations
    bias: bool
    optimizer: Optimizer
    learning_rate: Rate


class NetworkTerms(GivenNetworkTerms, frozen=True, kw_only=True):
    """A classification network with a prescribed architecture."""

    loss: ClassLoss


class ErrorNetworkTerms(GivenNetworkTerms, frozen=True, kw_only=True):
    """A regression network with a prescribed architecture."""

    loss: ErrorLoss


class DesignedNetworkTerms(AnyNetworkTerms, frozen=True, kw_only=True):
    """A network that students design."""

    min_layers: Annotated[int, whole(1, 20)]


class FreeNetworkTerms(DesignedNetworkTerms, frozen=True, kw_only=True):
    """A classification network that students design."""

    loss: ClassLoss | None = None


class ErrorFreeNetworkTerms(DesignedNetworkTerms, frozen=True, kw_only=True):
    """A regression network that students design."""

    loss: ErrorLoss | None = None


class LayerCase(msgspec.Struct, frozen=True):
    """A layer that the student's function must build."""

    inputs: Annotated[int, whole(2, 10_000)]
    outputs: Annotated[int, whole(2, 10_000)]
    activation: CaseActivation


class LayerTerms(Terms, frozen=True, kw_only=True):
    """A function that builds a layer."""

    cases: Annotated[tuple[LayerCase, ...], entries(LayerCase)]

    def __post_init__(self) -> None:
        here, hidden = f"{Usual.PUBLIC_CASES} in exercises.toml", f"{Usual.CASES - Usual.PUBLIC_CASES} in hidden.toml"
        asked = len(self.cases) in {Usual.PUBLIC_CASES, Usual.CASES}
        require(self, "cases", asked, f"be {here} and {hidden} next to the hidden tests")


class LoopCall(msgspec.Struct, frozen=True):
    """A call of the student's training loop."""

    n_epochs: Annotated[int, whole(1, 20)]
    # A minibatch of 16 means 3,750 steps per epoch of 60,000 images, as many as fit in a call's time.
    mini_batch_size: Annotated[int, whole(16, 1_000_000)]
    learning_rate: Rate = Usual.INSTRUMENT_RATE


class LoopTerms(Terms, frozen=True, kw_only=True):
    """A function that trains any network."""

    calls: Annotated[tuple[LoopCall, ...], entries(LoopCall)]
    seconds: Annotated[float, number(1, 600)]

    def __post_init__(self) -> None:
        most = max(call.n_epochs for call in self.calls)
        require(self, "calls", most > 1, "have one with n_epochs of 2 or more, to see whether each epoch is shuffled")


class SweepTerms(Terms, frozen=True, kw_only=True):
    """Values of a hyperparameter with the accuracy of each."""

    network: Annotated[str, Meta(description="the name of an exercise that asks for a network")]
    parameter: Annotated[str, Meta(pattern=Identifier, description="the name of a hyperparameter")] = RATE
    argument: Annotated[str, Meta(pattern=Identifier, description="the name of an argument")] = ""
    rates: Annotated[int, whole(2, 50)] = 0
    decades: Annotated[float, number(0.5, 10)] = 0.0
    values: Annotated[int, whole(2, 50)] = 0
    span: SweptValue = 0.0
    between: Annotated[
        Interval, Meta(description=f"two numbers, the smaller one first, each {words_of(SweptValue)}")
    ] = Interval(0.0, math.inf)

    def __post_init__(self) -> None:
        needed = ("rates", "decades") if self.parameter == RATE else ("values",)
        missing = [key for key in needed if not getattr(self, key)]
        if missing:
            raise SenselessTableError(f"lacks {', '.join(missing)}, which a sweep of {self.parameter} needs")
        room = self.between.high - self.between.low
        require(self, "span", self.span <= room, "not be larger than what between leaves")

    @property
    def called(self) -> str:
        """The hyperparameter's name in the network's function."""
        return self.argument or self.parameter

    @property
    def fewest(self) -> int:
        """The fewest values of a sweep."""
        return self.values or self.rates


class FreeTrainingTerms(Terms, frozen=True, kw_only=True):
    """A training by any loop."""

    least_accuracy: Share


class TrainingTerms(FreeTrainingTerms, frozen=True, kw_only=True):
    """A training of a fixed number of epochs."""

    epochs: Annotated[int, whole(1, 100)]


class ErrorTrainingTerms(Terms, frozen=True, kw_only=True):
    """A training for a regression."""

    largest_error: Amount
    error: MeasuredError = "mean-absolute-error"


class TargetTerms(Terms, frozen=True, kw_only=True):
    """An accuracy target."""

    target: Share
    full: Share
    none: Share
    runs: Runs = Usual.RUNS

    def __post_init__(self) -> None:
        require(self, "none", self.none < self.full, "lie below full: points rise from the one to the other")
        require(self, "full", self.full <= self.target, "be at most target")


class ErrorTargetTerms(Terms, frozen=True, kw_only=True):
    """An error target."""

    target: Amount
    full: Amount
    none: Amount
    error: MeasuredError = "mean-absolute-error"
    runs: Runs = Usual.RUNS

    def __post_init__(self) -> None:
        require(self, "none", self.none > self.full, "be above full, since points fall from full to none")
        require(self, "full", self.full >= self.target, "not lie below target")


LOOP, GRADIENTS, OWN = "training-loop", "gradients", ""
"""`OWN` is the kind of an exercise without a kind; keys that our tests know mean the same in its table."""


def _with_own(kinds: Mapping[str, type[Terms]]) -> Mapping[str, type[Terms]]:
    """Return the kinds with the kind `OWN` added: all keys optional, and further ones allowed."""
    fields = itertools.chain.from_iterable(map(msgspec.structs.fields, kinds.values()))
    optional = {
        field.name: (field.name, Optional[field.type], None if field.required else field.default)  # noqa: UP045 (a type that is known at run time only)
        for field in fields
        if field.name not in AnyNetworkTerms.__struct_fields__
    }
    own: Any = msgspec.defstruct(
        "Own", optional.values(), bases=(AnyNetworkTerms,), frozen=True, kw_only=True, forbid_unknown_fields=False
    )
    return {**kinds, OWN: own}


OF_CLASSES = _with_own(
    {
        "data": Terms,
        "layer": LayerTerms,
        "network": NetworkTerms,
        "free-network": FreeNetworkTerms,
        LOOP: LoopTerms,
        "sweep": SweepTerms,
        "training": TrainingTerms,
        "free-training": FreeTrainingTerms,
        "target": TargetTerms,
        GRADIENTS: Terms,
    }
)
OF_NUMBERS = _with_own(
    {
        "data": Terms,
        "network": ErrorNetworkTerms,
        "free-network": ErrorFreeNetworkTerms,
        LOOP: LoopTerms,
        "free-training": ErrorTrainingTerms,
        "target": ErrorTargetTerms,
    }
)
"""The kinds of exercises for classification, and for regression."""


def kinds_on(spec: DataSpec | None) -> Mapping[str, type[Terms]]:
    """Return the kinds of exercises that are possible with these data."""
    if spec is None:
        return OF_CLASSES
    kinds = OF_NUMBERS if spec.is_regression else OF_CLASSES
    shaped = bool(spec.input_shape)  # both kinds need flat rows; few features do not identify a loop's rows
    barred = {GRADIENTS: shaped or spec.one_output, LOOP: shaped or spec.size < Usual.FEATURES}
    return {name: kind for name, kind in kinds.items() if not barred.get(name)}


Seconds = Annotated[float, number(1, Usual.DAY)]
Bytes = Annotated[int, whole(1_000_000, 1_000_000_000_000)]


class ExecutionLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of a notebook's run, with defaults."""

    cell_seconds: Seconds = Usual.CELL_SECONDS
    notebook_seconds: Seconds = 1200.0
    """Wall time in seconds of one of the student's cells, and of all of them together."""
    capture_seconds: Seconds = 300.0
    """Wall time in seconds to collect the evidence of one check cell; all together may take `notebook_seconds`."""
    memory_bytes: Annotated[int, whole(500_000_000, 1_000_000_000_000)] = 4_000_000_000  # TensorFlow needs 500 MB
    cores: Annotated[float, number(0.1, 1024)] = 2.0
    processes: Annotated[int, whole(16, 100_000)] = 256
    disk_bytes: Bytes = 1_200_000_000
    """As in `notebook_cage.Limits`."""
    text_characters: Annotated[int, whole(100, 10_000_000)] = 60_000
    """Characters of a cell's printed text that are kept: its beginning and its end."""
    output_bytes: Annotated[int, whole(1_000, 1_000_000_000)] = 3_000_000
    """Bytes of a cell's pictures and tables that are kept."""
    outputs: Annotated[int, whole(1, 100_000)] = 200
    """Number of a cell's outputs that are kept."""
    notebook_output_bytes: Annotated[int, whole(1_000, 1_000_000_000)] = 24_000_000
    """Bytes of output of all cells that are kept: text, pictures and tables."""
    received_bytes: Bytes = 1_000_000_000
    """Bytes that all cells may send, kept or not, before the run is ended."""
    notebook_evidence_bytes: Bytes = 2_400_000_000
    """Bytes of evidence of all checks together."""


class CourseLimits(ExecutionLimits, frozen=True, kw_only=True):
    """The table ``[limits]``: limits of a run, and of a student's whole submission."""

    student_seconds: Annotated[float, number(1, 100 * Usual.DAY)] | None = None
    """Wall time of all runs and verdicts; None for three times the limits of all notebooks."""
    student_evidence_bytes: Annotated[int, whole(0, 1_000_000_000_000)] = 1_000_000_000
    """Bytes of evidence kept per student, of the latest submission: typically 60 MB, and 700 MB if data are redrawn."""

    def __post_init__(self) -> None:
        most = max(self.notebook_seconds, Usual.CELL_SECONDS if self.cell_seconds == Usual.CELL_SECONDS else 0)
        above = f"be at most notebook_seconds ({self.notebook_seconds:g})"
        require(self, "cell_seconds", self.cell_seconds <= most, above)

    @property
    def of_a_run(self) -> ExecutionLimits:
        """The limits of a single run."""
        return msgspec.convert(self, ExecutionLimits, from_attributes=True)


OWN_KINDS = (".ipynb", ".py", ".whl")
OWN_NAMES = frozenset({"README.md", "requirements.txt", "checks", "data"})


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[files]``."""

    names: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\w[\w.-]{0,80}$")], ...],
        several(50, "names of files next to the notebooks"),
    ] = ()
    """Files next to the notebooks in ``source/``: they are released, and available in the sandbox."""

    def __post_init__(self) -> None:
        require(self, "names", len({*self.names}) == len(self.names), "name each file once")
        released = [name for name in self.names if name.endswith(OWN_KINDS) or name in OWN_NAMES]
        anyway = f"leave out {', '.join(released)}, which netgrader release brings anyway"
        require(self, "names", not released, anyway)


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[release]``."""

    url: (
        Annotated[
            str,
            Meta(
                pattern=r"^https://github\.com/[\w.-]+/[\w.-]+/(tree|blob)/[\w.-]+(/[^\s\"'<>\\?#]*)?$",
                description="the page of a folder, https://github.com/OWNER/REPOSITORY/tree/main/digits",
            ),
        ]
        | None
    ) = None


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[texts]``."""

    language: str = ENGLISH
    """The language of texts for students."""

    def __post_init__(self) -> None:
        require(self, "language", self.language in LANGUAGES, f"be one of {', '.join(LANGUAGES)}")


PARAMETERS: Mapping[str, Any] = {
    field.name: field.type
    for kind in itertools.chain(OF_NUMBERS.values(), OF_CLASSES.values())
    for field in msgspec.structs.fields(kind)
}
"""The type of each key that an exercise's table may have."""
