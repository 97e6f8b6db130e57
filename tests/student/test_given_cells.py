"""Given cells run after any student code: one wrong answer does not stop Run All.

Their pictures show any student network faithfully, and their texts claim no more.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import nbformat
import numpy as np
import pytest

from netgrader.data import DATA_HASH
from netgrader.new_course import NewAssignment, make_assignment, make_config
from tests.checks.in_ipython import run_notebooks
from tests.programs import source

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "source" / "digits"

GLOROT = source("cells/fully_connected_layer:get_variable")
NETWORK = source("cells/one_layer_network:as in the notebook")
DEEP = source("cells/deep_network:dropout with a switch")
QUICK = "def train(sess, net, n_epochs, mini_batch_size=64):\n    return [], []\n"
DATA = "x_train, y_train_1_hot, x_test, y_test_1_hot = x_train_2d, y_train, x_test_2d, y_test\n"
NOTHING = "def {name}(*arguments, **named):\n    return None\n"
RAISES = "def {name}(*arguments, **named):\n    return missing\n"
NETS = ("one_layer_network", "two_layer_network", "deep_network")
LEFT = "net = sess = acc_trn = acc_val = sweep = best_learning_rate = None\n"

# By notebook, what students left in place of solutions: names that are wrong in kind, functions that give nothing or raise.
WRONG = {
    "labels that are not one-hot": ("1_one_layer", DATA + GLOROT + NETWORK + QUICK),
    "a layer without a pair": ("1_one_layer", DATA + GLOROT.replace("return h, W", "return h") + NETWORK + QUICK),
    "functions that raise": (
        "1_one_layer",
        DATA + "".join(RAISES.format(name=name) for name in ("fully_connected_layer", "one_layer_network", "train")),
    ),
    "networks that are nothing": ("2_two_layers", "".join(NOTHING.format(name=name) for name in NETS) + LEFT),
    "gradients that raise": (
        "2_two_layers",
        RAISES.format(name="two_layer_network") + RAISES.format(name="input_gradients") + LEFT,
    ),
    "results that are nothing": ("3_deep_network", DEEP.replace("return SimpleNamespace", "SimpleNamespace") + LEFT),
}


def with_answers(notebook: str | Path, answers: str) -> list[str]:
    """The notebook's cells with these answers in place of the solutions; those that only check are left out."""
    cells = []
    for cell in nbformat.read(SOURCE / f"{notebook}.ipynb", as_version=4).cells:
        terms = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and not terms.get("grade"):
            cells.append(answers if terms.get("solution") else cell.source)
    return cells


@pytest.fixture(scope="module")
def ran(asked):
    """The errors of all cells, by name of what was answered."""
    return run_notebooks({name: with_answers(*WRONG[name]) for name in asked("name")}, SOURCE, MPLBACKEND="agg")


@pytest.mark.parametrize("name", WRONG)
def test_no_given_cell_stops_at_a_wrong_answer(ran, name):
    cells = with_answers(*WRONG[name])
    errors = ran[name]["errors"]
    assert len(errors) == len(cells)
    assert [(cell, error) for cell, error in zip(cells, errors, strict=True) if error] == []


@pytest.mark.parametrize("targets", [np.arange(60) % 3, np.linspace(0, 1, 60)], ids=["classes", "numbers"])
def test_given_cells_of_a_new_course_go_on_and_show_what_is_right(tmp_path, targets):
    np.savez(tmp_path / "made.npz", x=np.random.default_rng(1).normal(size=(60, 4)), y=targets)
    make_config(tmp_path)
    make_assignment(tmp_path, NewAssignment("made", tmp_path / "made.npz", target=0.9 if targets.max() > 1 else 0.1))
    folder = tmp_path / "source" / "made"
    book = folder / "1_made"
    wrong = {"a number": "def network():\n    return 3\n", "raises": RAISES.format(name="network")}
    works = {name: with_answers(book, answer + LEFT) for name, answer in wrong.items()}
    solved = [cell.source for cell in nbformat.read(f"{book}.ipynb", as_version=4).cells if cell.cell_type == "code"]
    (given,) = (number for number, cell in enumerate(solved) if "with your_work()" in cell)
    works["right"] = [cell for cell in solved[: given + 1] if "check(" not in cell]
    about = {"NETGRADER_CHECKS": str(folder / "checks"), "NETGRADER_DATA": str(tmp_path / "data")}
    ran = run_notebooks(works, folder, MPLBACKEND="agg", **about)
    assert {name: set(one["errors"]) for name, one in ran.items()} == {name: {None} for name in (*wrong, "right")}
    assert ran["right"]["printed"] == ""
    assert ran["right"]["shown"]


def test_the_cells_that_compare_run_as_they_are_copied_and_only_what_is_described_is_kept(tmp_path):
    for module in SOURCE.glob("*.py"):
        shutil.copy(module, tmp_path)
    cells = [cell for cell in with_answers("3_deep_network", "") if "lab_book" in cell]
    (copied,) = (cell for cell in with_answers("3_deep_network", "") if cell.endswith("compare(what, network)"))
    few = copied.replace("what = ...", 'what = "few"').replace("what, network)", "what, network, 200, 2, seeds=[5])")
    # No test image is there when networks are compared, and no image that judges is learned from.
    apart = "del x_test, y_test_1_hot\nassert len(x_learn) + len(x_validation) == len(x_train)"
    given = [cells[0], cells[1], apart]
    works = {name: [*given, cell] for name, cell in (("untouched", copied), ("few", few))}
    about = {"MPLBACKEND": "agg", "NETGRADER_CHECKS": str(SOURCE / "checks"), "NETGRADER_DATA": str(ROOT / "data")}
    skipped = run_notebooks({"few": works["few"]}, tmp_path, **about, **{DATA_HASH: "graded"})
    assert (skipped["few"]["errors"], skipped["few"]["printed"].strip("\0")) == ([None] * 4, "")
    file = tmp_path / ".ipynb_checkpoints" / "netgrader-lab-book.json"
    assert not file.exists()
    ran = run_notebooks(works, tmp_path, **about)
    assert {error for one in ran.values() for error in one["errors"]} == {None}
    assert "Describe your network first" in ran["untouched"]["printed"]
    ((kept),) = json.loads(file.read_text())
    assert (kept["what"], kept["seed"], len(kept["validation"]), len(kept["loss"])) == ("few", 5, 2, 2)
    assert re.search(r"\| few +\| 1 +\| 2 ", ran["few"]["printed"])


# ---- pictures ----------------------------------------------------------------------------------------------------------

IMAGES = np.zeros((20, 28, 28), np.uint8)
DIGITS = np.arange(20) % 10


def picture(notebook, beginning, **names):
    """Run the cell of the notebook that holds `beginning`; its figure and the text that stands for it."""
    (cell,) = (text for text in with_answers(notebook, "") if beginning in text)
    shown = []
    spec = importlib.util.spec_from_file_location("pictures", SOURCE / "pictures.py")
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    pictures.show_figure = lambda figure, alt: shown.append((figure, alt))
    given = {
        **{name: getattr(pictures, name) for name in pictures.__all__},
        "np": np,
        "plt": plt,
        "your_work": nullcontext,  # what raises is to be seen
        "show_figure": pictures.show_figure,
    }
    exec(cell, given | names)  # noqa: S102  (the course's own)
    (shown,) = shown
    plt.close(shown[0])
    return shown


def gradients(strong):
    """Ten gradients of ten images, by output and by image: of 1 where `strong` says so, else of a hundredth."""
    each = np.full((10, 10, 784), 0.01)
    for image, outputs in strong.items():
        each[outputs, image, 5] = -1
    return each


@pytest.mark.parametrize("strong", [{0: [0, 6], 4: [4, 9]}, {0: [7], 4: [1, 2, 3]}])
def test_the_grid_of_gradients_is_told_as_it_was_drawn_and_is_not_explained(strong):
    each = gradients(strong)
    figure, alt = picture(
        "2_two_layers",
        "show_gradients(",
        x_test=IMAGES.reshape(20, 784),
        x_test_2d=IMAGES,
        y_test=DIGITS,
        net=SimpleNamespace(X="X"),
        input_gradients=lambda _: None,
        sess=SimpleNamespace(run=lambda *_, **__: (list(each), each[3])),
    )
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["digit", "largest", *"0123456789"]
    tiles = axes.images[0].get_array().reshape(10, 30, 12, 30, 3)[:, 1:29, 2:, 1:29]
    for image, outputs in strong.items():
        red, _, blue = np.moveaxis(tiles[image, :, :, :], -1, 0)
        assert [output for output in range(10) if np.max(red[:, output] - blue[:, output]) > 0.2] == outputs
        assert f"{image}: {', '.join(map(str, outputs))};" in alt
    assert "1: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9;" in alt  # where all are alike
    # What exercise 5 asks for.
    assert [word for word in ("equal", "rival", "exchanged", "same picture", "opposite") if word in alt] == []
