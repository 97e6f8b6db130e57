"""The products and their cache: graph, parts and label, each verified by the oracle when it is built.

A product is named ``program+operator(variant)``; without an operator it is the program itself. The cache is in
``build/corpus``; an entry is rebuilt when its program, an operator or the oracle changes.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
import json
import random
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from .building import BuildError, Built, build
from .catalogue import PROGRAMS as GRAPHS
from .catalogue import Program
from .catalogue_keras import PROGRAMS as MODELS
from .catalogue_keras import KerasProgram
from .eager import EagerRun
from .eager import build as build_eagerly
from .formulas import softmax
from .keras_operators import OPERATORS, Change, Job, Operator
from .oracle import Expect, Run, verify
from .source import Source

__all__ = ["CACHE", "Entry", "Product", "entries", "kept_in", "load", "make", "named", "pairs", "products", "thing"]

CACHE = Path(__file__).parents[2] / "build" / "corpus"
RATES = {"one_layer_network": 0.0023, "two_layer_network": 0.0007}
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Product:
    """A program with the operators applied to it, not built yet."""

    name: str
    program: Program
    operators: tuple[Operator, ...]
    changes: tuple[Change, ...]
    rate: float

    @property
    def source(self) -> Source:
        """The text that is run."""
        return self.changes[-1].source if self.changes else Source.read(self.program.name)

    @property
    def codes(self) -> frozenset[str]:
        """Codes that must be named."""
        return frozenset().union(*(change.codes or frozenset() for change in self.changes))

    @property
    def also(self) -> frozenset[str]:
        """Codes that may be named besides."""
        return frozenset().union(*(change.also for change in self.changes))

    @property
    def expect(self) -> Expect:
        """What the oracle must measure."""
        expect = Expect.of(self.program, self.rate)
        if isinstance(self.program, KerasProgram):
            shown = (lambda z, y: softmax(z),) if self.program.probabilities else ()
            numbers = self.program.exercise == "keras_regression"
            expect = replace(expect, shown=shown, accuracy=None if numbers else expect.accuracy)
        for change in self.changes:
            expect = change.expect(expect)
        # Steps are compared where training could have changed, and for every program itself.
        if not any(operator.trains for operator in self.operators) and self.operators:
            expect = replace(expect, optimizer=None)
        return expect


@dataclass(frozen=True)
class Entry:
    """A product as the reader is given it, with its label.

    `state` is ``good``, ``raises`` (the program stops with an error, so that there is no graph to read) or ``mislabelled``
    (the oracle disagrees with the label; it takes no part).
    """

    name: str
    program: str
    operators: tuple[str, ...]
    exercise: str
    rate: float
    codes: tuple[str, ...]
    also: tuple[str, ...]
    remark: bool
    parts: dict[str, str]
    state: str
    problems: tuple[str, ...]
    digest: str

    @property
    def graph(self) -> bytes:
        """The serialised MetaGraphDef."""
        return (CACHE / "graphs" / f"{_file(self.name)}.pb").read_bytes()

    @property
    def eval_feed(self) -> dict[str, Any]:
        """What evaluation feeds besides, by tensor name."""
        path = CACHE / "graphs" / f"{_file(self.name)}.npz"
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as data:
            names = json.loads(str(data["names"]))
            return {name: data[f"value{i}"] for i, name in enumerate(names)}

    @property
    def right(self) -> bool:
        """Whether no fault must be named."""
        return not self.codes or self.remark


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Keep entries in another folder meanwhile."""
    global CACHE  # noqa: PLW0603 - one cache a process; tests must not read what lies in it
    before, CACHE = CACHE, folder
    try:
        yield
    finally:
        CACHE = before


def _file(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


@cache
def _code_hash(*, keras: bool) -> str:
    content = hashlib.sha256()
    for path in (
        *(HERE / name for name in ("building.py", "oracle.py", "formulas.py")),
        *sorted(HERE.glob("operators/*.py")),
        *(HERE / name for name in ("catalogue_keras.py", "eager.py", "keras_operators.py") if keras),
    ):
        content.update(path.read_bytes())
    return content.hexdigest()


def _program_hash(program: Program) -> str:
    """Hash of what the catalogue says of a program, its references' code included."""
    content = hashlib.sha256()
    for field in fields(program):
        value = getattr(program, field.name)
        content.update(inspect.getsource(value).encode() if callable(value) else repr(value).encode())
    return content.hexdigest()


def products(each: int, most: int, operators: Sequence[str] | None = None, *, keras: bool = False) -> Iterator[Product]:
    """Every program, and products of one operator: `each` variants on a program, `most` in all; always the same ones.

    `operators` are names of those wanted (``none`` is the program itself), all if None. `keras`: of Keras, else of
    graphs.
    """
    programs = MODELS if keras else GRAPHS
    if operators is None or "none" in operators:
        for program in programs.values():
            yield Product(program.name, program, (), (), RATES.get(program.exercise, 0.001))
    for operator in OPERATORS.values():
        if operators is None or operator.name in operators:
            yield from islice(_of_operator(operator, each, list(programs.values())), most)


def _of_operator(operator: Operator, each: int, programs: Sequence[Program]) -> Iterator[Product]:
    def order(text: str) -> bytes:
        return hashlib.sha256(f"{operator.name} {text}".encode()).digest()

    for program in sorted(programs, key=lambda program: order(program.name)):
        rate = RATES.get(program.exercise, 0.001)
        changes = operator.changes(Job(program, Source.read(program.name), rate))
        for change in sorted(changes, key=lambda change: order(program.name + change.variant))[:each]:
            yield Product(f"{program.name}+{operator.name}({change.variant})", program, (operator,), (change,), rate)


_STEP = re.compile(r"\+(?P<operator>[a-z-]+)\((?P<variant>[^+]*?)\)(?=\+[a-z-]+\(|$)")


def named(name: str) -> Product:
    """The product of a name.

    Raises
    ------
    KeyError
        If there is none.
    """
    program = {**GRAPHS, **MODELS}[name.partition("+")[0]]
    rate = RATES.get(program.exercise, 0.001)
    source = Source.read(program.name)
    operators: list[Operator] = []
    changes: list[Change] = []
    for step in _STEP.finditer(name):
        operator = OPERATORS[step["operator"]]
        found = [c for c in operator.changes(Job(program, source, rate)) if c.variant == step["variant"]]
        if not found:
            raise KeyError(name)
        operators.append(operator)
        changes.append(found[0])
        source = found[0].source
    return Product(name, program, tuple(operators), tuple(changes), rate)


def pairs(seed: int, count: int) -> Iterator[Product]:
    """Products with two faults each, drawn at random from those that do not hide each other."""
    draw = random.Random(seed)
    names = sorted(GRAPHS)
    made = 0
    while made < count:
        program = GRAPHS[draw.choice(names)]
        first, second = draw.sample(sorted(PAIRABLE), 2)
        if PAIRABLE[first] == PAIRABLE[second]:
            continue
        rate = RATES.get(program.exercise, 0.001)
        one = OPERATORS[first].changes(Job(program, Source.read(program.name), rate))
        if not one:
            continue
        change = draw.choice(one)
        two = OPERATORS[second].changes(Job(program, change.source, rate))
        if not two:
            continue
        other = draw.choice(two)
        made += 1
        name = f"{program.name}+{first}({change.variant})+{second}({other.variant})"
        yield Product(name, program, (OPERATORS[first], OPERATORS[second]), (change, other), rate)


# Operators that may be combined, by the part of the network that they touch; two of one part are not combined.
PAIRABLE = {
    "softmax-before-loss": "loss",
    "mse-on-softmax": "loss",
    "mse-on-logits": "loss",
    "sigmoid-cross-entropy": "loss",
    "wrong-activation": "hidden",
    "missing-activation": "hidden",
    "softmax-in-hidden-layer": "hidden",
    "missing-bias": "bias",
    "wrong-width": "width",
    "wrong-optimizer": "optimizer",
    "learning-rate-not-as-stated": "rate",
    "accuracy-over-wrong-axis": "accuracy",
    "accuracy-not-mean": "accuracy",
}


def digest(product: Product) -> str:
    """What an entry depends on."""
    switches = sorted(s for change in product.changes for s in change.switches)
    label = [product.name, sorted(product.codes), sorted(product.also), switches, product.rate]
    label += [change.parts for change in product.changes]
    label += [_code_hash(keras=isinstance(product.program, KerasProgram)), _program_hash(product.program)]
    text = json.dumps([product.source.text(), *label])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def load(name: str) -> Entry | None:
    """The cached entry of a product, or None."""
    path = CACHE / "graphs" / f"{_file(name)}.json"
    if not path.exists():
        return None
    raw = json.loads(path.read_text(encoding="utf-8"))
    for key in ("operators", "codes", "also", "problems"):
        raw[key] = tuple(raw[key])
    return Entry(**raw)


def entries(names: Sequence[str]) -> list[Entry]:
    """The entries of these products that are made and good."""
    found = (load(name) for name in names)
    return [entry for entry in found if entry is not None and entry.state == "good"]


def make(product: Product) -> Entry:
    """Build a product, let the oracle check it, keep it; at once if that was done before."""
    known = load(product.name)
    key = digest(product)
    if known is not None and known.digest == key:
        return known
    switches = frozenset(s for change in product.changes for s in change.switches)
    arguments = {} if product.program.exercise == "deep_network" else {"learning_rate": product.rate}
    built, problems, state = None, [], "good"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library warns of in a faulty program is not looked at here
            if isinstance(product.program, KerasProgram):
                problems = _checked_eagerly(product)
            else:
                built = build(product.source.text(), product.program.exercise, arguments, switches)
    except BuildError as error:
        state, problems = "raises", [str(error)]
    if built is not None:
        problems = _checked(built, product)
    if state == "good" and problems:
        state = "mislabelled"
    entry = Entry(
        name=product.name,
        program=product.program.name,
        operators=tuple(operator.name for operator in product.operators),
        exercise=product.program.exercise,
        rate=product.rate,
        codes=tuple(sorted(product.codes)),
        also=tuple(sorted(product.also)),
        remark=any(one.remark for one in (*product.operators, *product.changes)),
        parts=_parts(built, product),
        state=state,
        problems=tuple(problems),
        digest=key,
    )
    _keep(entry, built)
    del built
    gc.collect()
    return entry


def thing(product: Product) -> Any:
    """The model of a program, built again each time.

    Raises
    ------
    BuildError
        If the program raises.
    """
    switches = frozenset(s for change in product.changes for s in change.switches)
    return build_eagerly(product.source.text(), product.program.exercise, switches)


def _checked_eagerly(product: Product) -> list[str]:
    assert isinstance(product.program, KerasProgram)
    made = thing(product)
    return _verified(lambda: EagerRun(made, product.program, product.source.text()), product)


def _checked(built: Built, product: Product) -> list[str]:
    if not built.graph.get_operations():
        return []
    return _verified(lambda: Run(built, product.program), product)


def _verified(begin: Callable[[], Run], product: Product) -> list[str]:
    try:
        run = begin()
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises, the label is not confirmed
        return [f"the oracle cannot run it: {type(error).__name__}: {str(error)[:200]}"]
    try:
        expect = product.expect
        if isinstance(run, EagerRun) and expect.accuracy is not None and not run.measures:
            expect = replace(expect, accuracy=None)
        return verify(run, expect)
    except Exception as error:  # noqa: BLE001 - likewise
        return [f"the oracle cannot check it: {type(error).__name__}: {str(error)[:200]}"]
    finally:
        run.close()


def _parts(built: Built | None, product: Product) -> dict[str, str]:
    kept = {change.parts for change in product.changes}
    if isinstance(product.program, KerasProgram):
        form = next((named for named in kept if named != "all"), "")
        return {"Y": form} if form else {}
    if built is None:
        return {}
    if "none" in kept:
        return {}
    if "X Y" in kept:
        return {name: built.parts[name] for name in ("X", "Y")}
    return dict(built.parts)


def _keep(entry: Entry, built: Built | None) -> None:
    folder = CACHE / "graphs"
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / _file(entry.name)
    if built is not None:
        stem.with_suffix(".pb").write_bytes(built.meta_graph)
        if built.eval_feed:
            values = {f"value{i}": value for i, value in enumerate(built.eval_feed.values())}
            np.savez(stem.with_suffix(".npz"), names=json.dumps(list(built.eval_feed)), **values)
    part = stem.with_suffix(".part")
    part.write_text(json.dumps(asdict(entry)), encoding="utf-8")
    part.replace(stem.with_suffix(".json"))
