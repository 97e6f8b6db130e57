"""The notebooks' pictures have alt text, and the text after each agrees with it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
import pytest

from netgrader.student import load_mnist

mpl.use("Agg")
from matplotlib import pyplot as plt

SOURCE = Path(__file__).parents[2] / "source" / "digits"


@pytest.fixture(scope="module")
def pictures():
    spec = importlib.util.spec_from_file_location("pictures_of_digits", SOURCE / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def told(pictures, monkeypatch):
    """What stands for each picture that was drawn, and what the figures hold."""
    found = []
    monkeypatch.setattr(pictures, "show_figure", lambda figure, alt: (found.append((figure, alt)), plt.close(figure)))
    return found


@pytest.fixture(scope="module")
def text():
    cells = nbformat.read(SOURCE / "3_deep_network.ipynb", as_version=4).cells
    return {cell.id: cell.source for cell in cells}


def test_dropout_is_told_as_it_was_drawn(pictures, told, text):
    pictures.show_dropout(rate=0.5)
    ((_, alt),) = told
    for number in ("6.6", "12.8", "10.0", "5.0"):
        assert number in re.findall(r"\d+\.\d", alt)
        assert number in text["see-dropout-saw"]
    assert [int(silent) for silent in re.findall(r"(\d+) of 10 are silent", alt)] == [6, 4, 0]
    assert "first six, then four" in text["see-dropout-saw"]


def test_batch_normalisation_is_told_as_it_was_drawn(pictures, told, text):
    (x_train, _), _ = load_mnist()
    pictures.show_batch_normalisation(x_train.reshape(len(x_train), -1).astype(np.float32) / 255)
    ((figure, alt),) = told
    assert "values have the mean 1.0, by those of 300 steps its values have the mean 0.0" in alt
    lines = {line.get_label(): np.array(line.get_ydata()) for line in figure.axes[2].lines}
    wanted = lines["mean of all images"][0]
    assert "after some thirty steps" in text["see-batchnorm-saw"]
    assert lines["moving average, 0.9"][30] == pytest.approx(wanted, rel=0.1)
    assert "after 100 steps has not come even two thirds of the way" in text["see-batchnorm-saw"]
    assert 0.5 < lines["moving average, 0.99"][99] / wanted < 2 / 3


@pytest.mark.parametrize("rates", [(0.03, 0.3, 0.5, 0.95, 1.05), (1,)])
def test_walks_are_gradient_descent_on_the_square_at_each_rate(pictures, told, rates):
    pictures.show_walks(*rates)
    ((figure, alt),) = told
    for number, rate in enumerate(rates):
        valley, curve = (figure.axes[number + row * len(rates)].lines[-1] for row in (0, 1))
        w = [-1.0]
        for _ in range(12):
            w.append(w[-1] - rate * 2 * w[-1])
        np.testing.assert_allclose(valley.get_xdata(), w, atol=1e-12)
        np.testing.assert_allclose(curve.get_ydata(), np.square(w), atol=1e-12)
        assert f"at {rate:g} the walk goes " in alt
    assert alt.count("from side to side") == sum(rate > 0.5 for rate in rates)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("show_stencils", (np.zeros((10, 784)),), "W1 must have the shape (784, 10)"),
        ("show_sweep", ([0.9, 0.95], 0.001), "sweep must be a dict with an accuracy for each rate"),
        ("show_accuracies", ({"two layers, test": []},), "“two layers, test” must have an accuracy for each epoch"),
        ("show_gradients", (np.zeros((10, 28, 28)), np.zeros((9, 784)), np.zeros((10, 9, 784))), "largest must be"),
    ],
)
def test_a_picture_says_what_it_needs_before_it_is_begun(pictures, name, given, said):
    plt.close("all")
    with pytest.raises(ValueError, match=re.escape(said)):
        getattr(pictures, name)(*given)
    assert plt.get_fignums() == []


def test_a_sweep_shows_which_rates_may_be_as_good_as_the_best(pictures, told):
    pictures.show_sweep({0.001: 0.95, 0.003: 0.954, 0.1: 0.2}, 0.003)
    ((figure, alt),) = told
    assert "Within 0.005 of the best: 0.001, 0.003." in alt
    assert "the best ± 0.005: may be chance" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_losses_have_plain_numbers_at_their_axis(pictures, told):
    pictures.show_losses({"good: 0.003": np.geomspace(4, 0.1, 90)})
    (axes,) = told[0][0].axes
    low, high = axes.get_ylim()
    named = [axes.yaxis.get_major_formatter()(at) for at in axes.get_yticks() if low <= at <= high]
    assert {"0.2", "0.5", "1", "2"} <= set(named)
