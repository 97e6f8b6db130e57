"""The notebooks' own pictures show what is there, whatever a student's network does, and their texts say no more."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
from matplotlib import pyplot as plt

SOURCE = Path(__file__).resolve().parents[2] / "source" / "digits"
IMAGES = np.zeros((20, 28, 28), np.uint8)
DIGITS = np.arange(20) % 10


def run(notebook, beginning, **names):
    """Run the cell of the notebook that holds `beginning`; its figure and the text that stands for it."""
    cells = ["".join(cell["source"]) for cell in json.loads((SOURCE / notebook).read_text(encoding="utf-8"))["cells"]]
    (cell,) = (text for text in cells if beginning in text)
    shown = []
    given = {
        "np": np,
        "plt": plt,
        "ready": lambda *_: True,
        "going_on": nullcontext,  # what raises is to be seen
        "show_figure": lambda figure, alt: shown.append((figure, alt)),
    }
    exec(cell, given | names)  # noqa: S102  (the course's own)
    (shown,) = shown
    plt.close(shown[0])
    return shown


@pytest.mark.parametrize("accuracy", [0.987, 0.5, 0.098])
def test_the_bars_of_the_three_networks_are_whole_however_many_mistakes_there_are(accuracy):
    import tensorflow.compat.v1 as tensorflow

    with tensorflow.Graph().as_default() as graph:
        tensorflow.get_variable("w", [784, 10])
    net = SimpleNamespace(graph=graph)
    figure, alt = run("3_deep_network.ipynb", "axes.barh(", tf=tensorflow, net=net, sess=None, acc_val=[accuracy])
    (axes,) = figure.axes
    longest = max(bar.get_width() for bar in axes.patches)
    assert longest == pytest.approx(max(7.5, 100 - 100 * accuracy))
    assert longest < axes.get_xlim()[1] <= 1.2 * longest
    assert alt.endswith(f"yours {100 - 100 * accuracy:.2f}.")


def gradients(strong):
    """Ten gradients of ten images, by output and by image: of 1 where `strong` says so, else of a hundredth."""
    each = np.full((10, 10, 784), 0.01)
    for image, outputs in strong.items():
        each[outputs, image, 5] = -1
    return each


@pytest.mark.parametrize("strong", [{0: [0, 6], 4: [4, 9]}, {0: [7], 4: [1, 2, 3]}])
def test_the_grid_of_gradients_is_told_as_it_was_drawn_and_is_not_explained(strong):
    each = gradients(strong)
    figure, alt = run(
        "2_two_layers.ipynb",
        "figure, axes = plt.subplots(10, 12",
        x_test=IMAGES.reshape(20, 784),
        x_test_2d=IMAGES,
        y_test=DIGITS,
        net=SimpleNamespace(X="X"),
        input_gradients=lambda _: None,
        sess=SimpleNamespace(run=lambda *_, **__: (list(each), each[3])),
    )
    assert len(figure.axes) == 120
    for image, outputs in strong.items():
        assert f"{image}: {', '.join(map(str, outputs))};" in alt
    assert "1: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9;" in alt  # where all are alike
    # What exercise 5 asks for.
    assert [word for word in ("equal", "rival", "exchanged", "same picture", "opposite") if word in alt] == []
