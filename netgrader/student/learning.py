"""`loss_valley()` and `watch_stencils(…)`: a walk down a valley at a rate that one sets, and weights as they change in training.

Both work without a server; where no script runs there is a picture. Nothing of them counts.
"""

from __future__ import annotations

import base64
import os
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.data import DATA_HASH
from netgrader.drawing_pad import can_be_drawn
from netgrader.phrases import say
from netgrader.reader.lab import LAB_SESSION
from netgrader.student.course_data import data_spec, spoken
from netgrader.student.notebook_cells import DPI, as_png, image
from netgrader.widget import script, style, widget_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    from matplotlib.figure import Figure

    from netgrader.data import DataSpec

    Array = npt.NDArray[Any]

__all__ = ["Film", "film_output", "loss_valley", "valley_output", "walk", "watch_stencils"]

STEPS, START, WIDE = 12, -1.0, 1.6
RATES = 0.01, 1.2, 0.01, 0.03
"""The least and the largest on the slider, how far it moves at once, and where it begins."""
PICTURED = {0.03: "too low", 0.3: "good", 1.05: "too high"}
NEARLY = 0.001
"""A loss below it counts as the bottom."""
VALLEY = "A walk down the valley of the loss w²"
VALLEY_ALT = (
    "Three times the same valley, the loss over w, and {1} steps from w = -1. At a rate of 0.03 the steps are short and end far "
    "from the bottom. At 0.3 they reach it. At 1.05 each step crosses the valley and ends higher than the one before."
)
VALLEY_WORDS = {
    "rate": "Learning rate",
    "loss": "loss",
    "step": "step",
    "valley": "The loss over w, and where each step of the walk leads",
    "curve": "The loss after each step: the loss curve of the walk",
    "crawls": "Too low: after {steps} steps the loss is still {loss}.",
    "good": "Good: it goes straight down, and the loss is below {nearly} after {arrived} steps.",
    "at_once": "As good as can be: a single step leads to the bottom.",
    "crosses": "A little too high: each step crosses the valley, but the loss is below {nearly} after {arrived} steps.",
    "swings": "Too high: it swings from side to side, and after {steps} steps the loss is still {loss}.",
    "stays": "Too high: it swings from side to side at one height, for ever.",
    "climbs": "Much too high: each step ends higher than the one before. It diverges; after {steps} steps the loss is {loss}.",
}

IMAGES = 1_000
MOST_WEIGHTS, FEWEST = 140_000, 4
"""Of all pictures together: what an output of 300 kB has room for; and pictures that there are in any case."""
SEEN_AT = frozenset({0, *(round(10 ** (k / 5)) for k in range(50))})
"""Steps after which the weights are looked at: closely in the beginning, when most happens."""
PICTURED_STEPS = 0, 10, 100
LEVELS = 127
STRONGEST = 0.95
"""Of the last weights so many are below the strongest colour: a few are much larger."""
COLOURS, TONES = 128, 8
"""Of a picture, and of what is positive in it."""
SIDE, GAP, LEFT, TOP = 84, 9, 130, 40
"""Of the picture of stencils: pixels of one, and between and beside them."""
QUICKLY, SLOWLY = 500, 2_000
"""Milliseconds between two pictures."""
FILM = "The weights of each neuron, step by step"
FILM_WORDS = {
    "play": "Play",
    "pause": "Pause",
    "step": "Training step",
    "weights": "Weights of the neuron for {name}",
    "begun": "Before the first step {right} of {images} test images are read rightly.",
    "seen": "After step {step}: {right} of {images} test images are read rightly.",
    "colours": "Blue: ink here speaks for it. Red: ink here speaks against it. The colours mean the same in all pictures.",
}
FILM_ALT = "The weights of the {1} neurons as pictures, blue for positive, red for negative, a row for each of: {2}."
AFTER = "step {1}: {2} % right"
NO_IMAGES = "Weights can be shown as pictures for a network that tells images apart; those of this course are none."
NO_WEIGHTS = (
    "There is nothing to show yet: the network needs its weights as the part `W1`, of shape ({1}, {2}). Here it is {3}."
)
NO_PART = "no part of it"
NO_STEP = (
    "There is nothing to show yet: `train` took no training step with `net.train_op` in the session that it was given."
)
NOT_FINITE = (
    "The weights became `nan` or infinite in training, so they cannot be shown. What is wrong the checks above say."
)


@spoken()
def loss_valley() -> None:
    """Show a valley and a walk down it by gradient descent, with a slider for the learning rate."""
    _show(valley_output())


def walk(rate: float, steps: int = STEPS, start: float = START) -> Array:
    """Return where gradient descent on the loss w² leads, (steps + 1,), beginning at `start`."""
    places = [start]
    for _ in range(steps):
        places.append(places[-1] - rate * 2 * places[-1])
    return np.array(places)


def valley_output() -> dict[str, str]:
    """Return what `loss_valley` shows, by the kind of output."""
    told = {
        "range": RATES,
        "steps": STEPS,
        "start": START,
        "wide": WIDE,
        "nearly": NEARLY,
        "words": {key: say(text).replace("{nearly}", f"{NEARLY:g}") for key, text in VALLEY_WORDS.items()},
    }
    return _output("loss-valley", VALLEY, told, as_png(_valley_picture(), COLOURS), say(VALLEY_ALT, STEPS))


def _valley_picture() -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 (whoever only reads the data should not wait for it)

    figure = Figure(figsize=(10, 3))
    panels = figure.subplots(1, 3, sharey=True)
    grid = np.linspace(-WIDE, WIDE, 100)
    for panel, (rate, word) in zip(panels, PICTURED.items(), strict=True):
        places = walk(rate)
        panel.plot(grid, grid**2, color="silver")
        panel.plot(places, places**2, "o-", color="tab:blue", markersize=5)
        panel.set(title=f"{rate}: {say(word)}", xlabel="w", xlim=(-WIDE, WIDE), ylim=(-0.05, WIDE**2))
    panels[0].set_ylabel(say(VALLEY_WORDS["loss"]))
    return figure


@dataclass
class Film:
    """Weights of a layer as they were after some training steps."""

    steps: list[int] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)
    """Of shape (inputs, outputs), after each of `steps`."""
    right: list[float] = field(default_factory=list)
    """The share of `images` test images that the network read rightly then."""
    images: int = IMAGES

    def thinned(self) -> Film:
        """Return no more of it than there is room for, from the first to the last."""
        most = max(FEWEST, MOST_WEIGHTS // self.weights[0].size)
        kept = sorted({round(at) for at in np.linspace(0, len(self.steps) - 1, most)})
        parts = [self.steps[at] for at in kept], [self.weights[at] for at in kept], [self.right[at] for at in kept]
        return Film(*parts, self.images)

    def shares(self) -> Array:
        """Return the weights in shares of the strongest colour, eight bits, (frames, outputs, inputs)."""
        strongest = float(np.quantile(np.abs(self.weights[-1]), STRONGEST)) or 1.0
        levels = np.rint(np.stack(self.weights).swapaxes(1, 2) * (LEVELS / strongest))
        return np.clip(levels, -LEVELS, LEVELS).astype(np.int8)


@spoken()
def watch_stencils(build: Callable[[], Any], train: Callable[..., Any], x_test: Array, y_test: Array) -> None:
    """Train a new network of one layer for an epoch, and show its weights as pictures that change from step to step.

    Parameters
    ----------
    build
        Makes the network, with the parts ``graph, X, logits, train_op`` and its weights ``W1``.
    train
        Trains it: ``train(sess, net, n_epochs)``.
    x_test, y_test
        Images as the network is fed them, and the classes that they show: a thousand of them are read after each step shown.
    """
    if DATA_HASH in os.environ:
        return  # where the notebook is graded: an epoch more, and nobody looks
    spec = data_spec()
    if not can_be_drawn(spec):
        print(say(NO_IMAGES))  # noqa: T201 (a notebook cell's own output)
        return
    net = build()
    refused = _refused(net, spec)
    film = Film()
    if not refused:
        with closing(_recording(net, film, x_test[:IMAGES], y_test[:IMAGES])) as session:
            train(session, net, 1)
            refused = session.ended()
    if refused:
        print(refused)  # noqa: T201 (likewise)
        return
    _show(film_output(film, spec))


def film_output(film: Film, spec: DataSpec) -> dict[str, str]:
    """Return what `watch_stencils` shows, by the kind of output."""
    film = film.thinned()
    shares = film.shares()
    names = [spec.name(number) for number in range(shares.shape[1])]
    height, width = spec.shape[:2]
    told = {
        "height": height,
        "width": width,
        "names": names,
        "steps": film.steps,
        "right": film.right,
        "images": f"{film.images:,}",
        "frames": [base64.b64encode(frame.tobytes()).decode("ascii") for frame in shares],
        "quickly": QUICKLY,
        "slowly": SLOWLY,
        "words": {key: say(text) for key, text in FILM_WORDS.items()},
    }
    chosen = sorted({film.steps.index(step) for step in PICTURED_STEPS if step in film.steps} | {len(film.steps) - 1})
    rows = [say(AFTER, film.steps[at], f"{100 * film.right[at]:.0f}") for at in chosen]
    picture = _film_picture(shares[chosen].reshape(len(chosen), -1, height, width), names, rows)
    return _output("stencil-film", FILM, told, as_png(picture, COLOURS), say(FILM_ALT, len(names), "; ".join(rows)))


def _film_picture(stencils: Array, names: Sequence[str], rows: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 (whoever only reads the data should not wait for it)

    # Few colours, and each weight as many whole pixels wide and high: so the file is small.
    high, wide = (max(1, SIDE // max(stencils.shape[2:])) * size for size in stencils.shape[2:])
    coarse = np.rint(stencils / (LEVELS / TONES))
    across, down = LEFT + (wide + GAP) * len(names), TOP + (high + GAP) * len(rows)
    figure = Figure(figsize=(across / DPI, down / DPI), dpi=DPI)
    for row, said in enumerate(rows):
        top = down - TOP - (high + GAP) * row
        figure.text((LEFT - GAP) / across, (top - high / 2) / down, said.replace(": ", "\n"), ha="right", va="center")
        for column, name in enumerate(names):
            left = LEFT + (wide + GAP) * column
            panel = figure.add_axes((left / across, (top - high) / down, wide / across, high / down))
            panel.imshow(coarse[row, column], "RdBu", vmin=-TONES, vmax=TONES, interpolation="nearest", aspect="auto")
            panel.set_axis_off()
            if not row:
                panel.set_title(name)
    return figure


def _refused(net: Any, spec: DataSpec) -> str:
    """Return why the weights of `net` cannot be shown, if they cannot."""
    shape = getattr(getattr(net, "W1", None), "shape", None)
    found = None if shape is None else tuple(getattr(size, "value", size) for size in shape)
    if found == (spec.size, spec.classes):
        return ""
    return say(NO_WEIGHTS, spec.size, spec.classes, say(NO_PART) if found is None else str(found))


def _recording(net: Any, film: Film, images: Array, true: Array) -> Any:
    """Return a session on `net` that looks at its weights after some of the training steps that are taken in it."""
    import tensorflow.compat.v1 as tf  # noqa: PLC0415 (reading the data should not wait for it)

    steps = {getattr(one, "name", one) for one in tf.nest.flatten(net.train_op)}
    film.images = len(images)

    class Recording(tf.Session):  # type: ignore[misc]  # TensorFlow has no types
        """A session that looks."""

        taken = 0

        def run(self, fetches: Any, *options: Any, **named: Any) -> Any:
            trains = any(getattr(one, "name", one) in steps for one in tf.nest.flatten(fetches))
            if trains and not film.steps:
                self.look()
            found = super().run(fetches, *options, **named)
            if trains:
                self.taken += 1
                if self.taken in SEEN_AT:
                    self.look()
            return found

        def look(self) -> None:
            """Keep what the weights are now."""
            weights, logits = super().run([net.W1, net.logits], feed_dict={net.X: images})
            film.steps.append(self.taken)
            film.weights.append(np.array(weights, np.float32))
            film.right.append(float(np.mean(logits.argmax(axis=1) == true)))

        def ended(self) -> str:
            """Look once more; why there is nothing to show, if there is not."""
            if not self.taken:
                return say(NO_STEP)
            if film.steps[-1] != self.taken and not self._closed:
                self.look()
            return "" if all(np.isfinite(one).all() for one in film.weights) else say(NOT_FINITE)

    session = Recording(graph=net.graph)
    setattr(session, LAB_SESSION, True)  # it is ours: what it trains is no part of what was done for a mark
    return session


def _output(kind: str, title: str, told: Mapping[str, Any], png: str, alt: str) -> dict[str, str]:
    html = widget_html(kind, say(title), told, image(png, alt), alone=True)
    page = f"<style>{style(__file__)}</style>{html}<script>{script(__file__)}</script>"
    return {"text/html": page, "image/png": png, "text/plain": alt}


def _show(output: Mapping[str, str]) -> None:
    from IPython.display import display  # noqa: PLC0415 (reading the data should not wait for it)

    display(dict(output), raw=True)
