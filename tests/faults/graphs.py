"""Judge programs that build a network: read as `netgrader read` does, with the lines that a student sees."""

from __future__ import annotations

import linecache
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow.compat.v1 as tf

from graphread import read_network
from netgrader.checks.exercises import Exercises, load_exercises
from netgrader.checks.source_lines import Cell, by_key, with_lines
from netgrader.student.graphs import export_graph
from tests.checks.works import GLOROT
from tests.datasets import EXERCISES, ROOT

if TYPE_CHECKING:
    from graphread import Lab
    from netgrader.faults import Fault
    from tests.faults.blocks import Block

FILE = "/home/me/ipykernel_71/page.py"
NAMES: dict[str, Any] = {"np": np, "tf": tf, "SimpleNamespace": SimpleNamespace}


def exercises(course: str) -> Exercises:
    """The exercises of an assignment of the example course, or of the digits."""
    return load_exercises(ROOT / "examples" / "clothes" / "source" / course / "checks") if course else EXERCISES


def faults_in(block: Block, lab: Lab) -> list[Fault]:
    """What the reader names in the network that the block's function returns."""
    course, _, exercise = block.exercise.rpartition("/")
    asked = exercises(course)
    function = exercise or re.search(r"(?m)^def (\w+)", block.text)[1]
    names = dict(NAMES)
    exec(GLOROT, names)  # noqa: S102  (the layer that notebooks 2 and 3 are given)
    linecache.cache[FILE] = (len(block.text), None, block.text.splitlines(keepends=True), FILE)
    tf.reset_default_graph()
    tf.set_random_seed(1)
    exec(compile(block.text, FILE, "exec"), names)  # noqa: S102  (as a notebook does)
    net = names[function]()
    wanted = replace(asked.network_as_read(exercise), **dict(block.terms)) if exercise else None
    network = read_network(net.graph, net, wanted, lab=lab)
    shown = with_lines(network, export_graph(net), by_key([Cell(function, block.text)]), function)
    return [*shown.faults, *shown.remarks]


def lines_of(fault: Fault) -> set[int]:
    """The lines of the student's cell that a fault shows."""
    return {int(number) for number in re.findall(r"line (\d+) of", str(fault.lines))}
