"""A second oracle: train a sample of the products briefly, and verify what their labels say about training."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graphread.lab import LabError

from .eager import EXERCISES, EagerRun, train
from .eager import images as shaped
from .oracle import rows as mnist
from .products import Entry, named, thing
from .reading import commit

__all__ = ["KEPT", "Trained", "kept", "measure", "sample"]

Array = npt.NDArray[Any]
KEPT = {
    track: Path(__file__).parents[2] / "evaluation" / f"reader_trained{ending}.jsonl"
    for track, ending in (("graphs", ""), ("keras", "_keras"))
}
SEED, SIZE, STEPS, BATCH, HELD_OUT = 29, 200, 300, 64, 2_000
LEARNED = 0.5
"""Five times chance: what begins slowly, as a mean over patches does, is past it after 300 minibatches."""
LONGEST = 4
"""Times that a right model goes through the rows where it needs them: averages of batch normalisation move by a hundredth."""
IDLE = 0.5
#: What each of these mistakes does to any network, whatever else it is made of.
TELLING = ("layers-not-trained", "maximises-loss", "minimises-wrong-tensor", "zero-initialisation")


@dataclass(frozen=True)
class Trained:
    """What training a product came to: accuracies on held-out images, and how the label was contradicted, if it was."""

    name: str
    digest: str
    commit: str
    before: float
    after: float
    problem: str = ""


def sample(entries: Sequence[Entry]) -> list[Entry]:
    """Two hundred of the products that hand over all their parts: three quarters right ones, the others of `TELLING`."""
    draw = random.Random(SEED)
    able = [
        entry
        for entry in entries
        if {"X", "Y", "logits", "train_op"} <= set(entry.parts) or entry.exercise in EXERCISES
    ]
    right = [entry for entry in able if entry.right]
    wrong = [entry for entry in able if len(entry.codes) == 1 and entry.codes[0] in TELLING]
    return [*draw.sample(right, min(3 * SIZE // 4, len(right))), *draw.sample(wrong, min(SIZE // 4, len(wrong)))]


def kept(track: str) -> Iterator[Trained]:
    """The rows of the repository."""
    if KEPT[track].exists():
        for line in KEPT[track].read_text(encoding="utf-8").splitlines():
            yield Trained(**json.loads(line))


def measure(entry: Entry, lab: Any) -> Trained:
    """Train a product from its own start on 19,200 rows, in order; a graph in the lab, a model as it trains itself."""
    images, _, digits = mnist(0, STEPS * BATCH)
    held, _, truth = mnist(40_000, HELD_OUT)
    if entry.exercise in EXERCISES:
        product = named(entry.name)
        run = EagerRun(made := thing(product), product.program, product.source.text())  # type: ignore[arg-type]
        run.assign(run.initial)
        before = run.score(held, truth)
        for _ in range(LONGEST if entry.right else 1):
            train(made, shaped(made, images), run.labels(digits))
            after = run.score(held, truth)
            if after >= LEARNED:
                break
        end = run.values()
        problem = _contradiction(entry, before, after, run.initial, end)
        return Trained(entry.name, entry.digest, commit(), round(before, 4), round(after, 4), problem)
    session = lab.load(entry.graph).session(seed=SEED)
    try:
        session.initialise()
        start = session.values()
        feed = {_tensor(name): value for name, value in entry.eval_feed.items()}
        x, y = _tensor(entry.parts["X"]), _tensor(entry.parts["Y"])
        labels = _labels(session, {**feed, x: images[:BATCH]}, y, digits[:BATCH], entry)
        before = _accuracy(session, entry, {**feed, x: held}, truth)
        batches = [np.arange(first, first + BATCH) for first in range(0, len(images), BATCH)]
        session.run_batches([entry.parts["train_op"]], {x: images, y: labels(digits)}, batches, feed)
        after, end = _accuracy(session, entry, {**feed, x: held}, truth), session.values()
    finally:
        session.close()
    problem = _contradiction(entry, before, after, start, end)
    return Trained(entry.name, entry.digest, commit(), round(before, 4), round(after, 4), problem)


def write(found: Sequence[Trained], track: str) -> None:
    """Keep the rows in the repository."""
    lines = [json.dumps(asdict(row), separators=(",", ":")) for row in sorted(found, key=lambda row: row.name)]
    KEPT[track].write_text("\n".join(lines) + "\n", encoding="utf-8")


def _labels(session: Any, feeds: dict[str, Array], y: str, digits: Array, entry: Entry) -> Any:
    """How the program takes labels: one-hot, or as digits where one-hot ones are refused."""

    def one_hot(values: Array) -> Array:
        return np.eye(10, dtype=np.float32)[values]

    try:
        session.run([entry.parts["loss"]] if "loss" in entry.parts else [y], {**feeds, y: one_hot(digits)})
    except LabError:
        return lambda values: values
    return one_hot


def _accuracy(session: Any, entry: Entry, feeds: dict[str, Array], truth: Array) -> float:
    (scores,) = session.run([_tensor(entry.parts["logits"])], feeds)
    scores = scores if scores.shape[0] == len(truth) else scores.T
    return float((scores.reshape(len(truth), -1).argmax(1) == truth).mean())


def _contradiction(entry: Entry, before: float, after: float, start: dict[str, Array], end: dict[str, Array]) -> str:
    if entry.right:
        return "" if after >= LEARNED else f"it is called right, and reaches {after:.2f}"
    if entry.codes[0] == "layers-not-trained":
        still = [name for name, value in start.items() if value.ndim > 1 and np.array_equal(value, end[name])]
        return "" if still else "every matrix moves"
    if entry.codes[0] == "zero-initialisation":
        alike = [v for v in end.values() if v.ndim == 2 and v.shape[1] > 1 and not np.ptp(v, axis=1).any()]
        return "" if alike else "no layer's units stay alike"
    return "" if after < max(IDLE, before + 0.1) else f"it is called {entry.codes[0]}, and reaches {after:.2f}"


def _tensor(name: str) -> str:
    return name if ":" in name else name + ":0"
