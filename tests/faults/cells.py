"""Judge cells of exercises by their course's own checks, in one process with TensorFlow for each course."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from tests.checks import grade_students
from tests.checks.works import DEEP, EXERCISES, LATER, NARROW
from tests.datasets import DATA as DATASET
from tests.examples import grade_side
from tests.processes import run_program
from tests.programs import source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import ModuleType

    from tests.faults.blocks import Block

LONGEST = 1800  # seconds
HELD_OUT = "5eed"  # what the data of a run that is graded follow from
CLOTHES = (
    source("cells/given:clothes"),
    source("cells/clothes_prepare_data:as in the notebook"),
    source("cells/clothes_convolutional_network:by hand"),
)
FILE = """
net = deep_network()
with tf.Session(graph=net.graph) as sess, net.graph.as_default():
    sess.run(tf.global_variables_initializer())
    for _ in range(6 * 600):
        rows = np.random.randint(0, 60000, 100)
        sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
    tf.train.Saver(tf.trainable_variables()).save(sess, "./from_a_friend", write_meta_graph=False)
"""
"""Weights that were trained elsewhere, in a file that a program asks for."""
# By exercise: the notebook whose checks look at it, and the cells before.
BEFORE = {
    **EXERCISES,
    "two_layer_training": ("two_layers", (LATER, NARROW)),
    "deep_training": ("deep_network", (LATER, DEEP)),
    "clothes/dropout_sweep": ("clothes", CLOTHES),
    "clothes/training": ("clothes", CLOTHES),
    "clothes/accuracy": ("clothes", (*CLOTHES, source("cells/given:clothes, training"))),
}
AS_GRADED = {"deep_training"}
"""Exercises whose checks know from outside of the run what it was given."""


def judged(blocks: Iterable[Block], folder: Path) -> dict[str, list[str]]:
    """The codes that the checks name, by the text of a program: those that cost points, and remarks."""
    texts = {str(number): block for number, block in enumerate({block.text: block for block in blocks}.values())}
    of_digits = {name: block for name, block in texts.items() if "/" not in block.exercise}
    told = _of_digits(of_digits, folder) | _of_clothes({name: texts[name] for name in texts.keys() - of_digits}, folder)
    return {texts[name].text: [code for check in checks for code in check["faults"]] for name, checks in told.items()}


def _of_digits(texts: dict[str, Block], folder: Path) -> dict[str, list[dict[str, Any]]]:
    works = [
        {
            "name": name,
            "cells": [f"check_{block.exercise}"],
            "sources": [*BEFORE[block.exercise][1], *(FILE for term, _ in block.terms if term == "file"), block.text],
            "notebook": BEFORE[block.exercise][0],
            "secret": HELD_OUT if block.exercise in AS_GRADED else "",
        }
        for name, block in texts.items()
    ]
    verdicts = _run(grade_students, [], works, folder / "digits")
    return {verdict["name"]: [*chain(*verdict["checks"].values())] for verdict in verdicts}


def _of_clothes(texts: dict[str, Block], folder: Path) -> dict[str, list[dict[str, Any]]]:
    works = []
    for name, block in texts.items():
        cell = f"check_{block.exercise.rpartition('/')[2]}"
        work = {"name": name, "cell": cell, "source": block.text}
        works.append({"sources": BEFORE[block.exercise][1], "works": [work]})
    verdicts = _run(grade_side, ["clothes"], works, folder / "clothes")
    return {name: verdict["checks"] for name, verdict in verdicts.items()}


def _run(program: ModuleType, terms: list[str], works: list[dict[str, Any]], folder: Path) -> Any:
    """What a program, which is called with `terms`, says of some works."""
    folder.mkdir()
    order, told = folder / "work.json", folder / "verdicts.json"
    order.write_text(json.dumps(works), encoding="utf-8")
    env = {"NETGRADER_DATA": str(DATASET)}
    run_program(program.__file__, *terms, order, told, folder=folder, env=env, seconds=LONGEST)
    return json.loads(told.read_text(encoding="utf-8"))
