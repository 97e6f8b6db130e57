"""Graphs that attack their reader or runner: each ends quickly with a sentence, and the lab survives."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import netgrader
from graphread.find.roles import all_updates
from graphread.graph.nodes import message, meta_graph_def, plain_node
from graphread.graph.plain import Graph
from graphread.graph.source import GraphError
from graphread.lab import LabError
from graphread.text import SentenceError
from netgrader.caged_lab import CagedLab

SECONDS = 20.0  # without this limit, and one of memory, these would take years or all there is


@pytest.fixture(scope="module")
def lab():
    made = CagedLab(seconds=SECONDS, memory_bytes=2_000_000_000, lives=20)
    yield made
    made.close()


def exported(build) -> bytes:
    with tf.Graph().as_default() as graph:
        build()
        return tf.train.export_meta_graph(graph=graph).SerializeToString()


def giant_fill() -> None:
    tf.identity(tf.reduce_sum(tf.fill([200_000, 200_000], tf.placeholder(tf.float32, [], name="x"))), name="out")


def endless() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.identity(tf.while_loop(lambda v: v < 2.0, lambda v: v * 1.0, [x]), name="out")


def growing_list() -> None:
    def body(v, held):
        return v + 1, held.write(tf.cast(v, tf.int32), tf.ones([10_000_000]) * v)

    x = tf.placeholder(tf.float32, [], name="x")
    held = tf.TensorArray(tf.float32, 1, dynamic_size=True, element_shape=[10_000_000])
    _, held = tf.while_loop(lambda v, _: v < 1e6, body, [x, held])
    tf.identity(tf.reduce_sum(held.stack()), name="out")


def files_in_names() -> None:
    x = tf.placeholder(tf.string, [], name="name")
    tf.identity(tf.strings.length(tf.io.read_file(x)), name="out")
    tf.placeholder(tf.float32, [], name="x")


GREEDY = (giant_fill, endless, growing_list)
READS_FILES = (files_in_names,)


@pytest.mark.parametrize("build", GREEDY + READS_FILES, ids=lambda build: build.__name__)
def test_a_graph_that_wants_too_much_ends_in_a_sentence_and_the_lab_lives_on(lab, build) -> None:
    with pytest.raises(LabError) as raised:
        lab.load(exported(build)).session(1).run(["out:0"], {"x:0": np.float32(1)})
    assert "\n" not in str(raised.value.sentence)
    modest = exported(lambda: tf.identity(tf.placeholder(tf.float32, [], name="x") + 1, name="out"))
    assert lab.load(modest).session(1).run(["out:0"], {"x:0": np.float32(1)}) == [2.0]


def laughing(levels: int) -> bytes:
    """Functions of which each calls the next one twice: a few kilobytes that are a billion ops when written out."""
    with tf.Graph().as_default() as graph:
        inner = tf.function(lambda x: x + 1, autograph=False)
        tf.identity(inner(tf.placeholder(tf.float32, [], name="x")), name="out")
        meta = meta_graph_def()
        meta.graph_def.ParseFromString(graph.as_graph_def().SerializeToString())
    functions = meta.graph_def.library.function
    for level in range(levels):
        made = functions.add()
        made.CopyFrom(functions[0])
        made.signature.name = f"level{level}"
        called = functions[0].signature.name if level == 0 else f"level{level - 1}"
        argument = made.signature.input_arg[0].name
        del made.node_def[:]
        before = argument
        for name in ("one", "two"):
            node = made.node_def.add(name=name, op="PartitionedCall", input=[before])
            node.attr["f"].func.name = called
            node.attr["Tin"].list.type.append(1)
            node.attr["Tout"].list.type.append(1)
            before = f"{name}:output:0"
        made.ret[made.signature.output_arg[0].name] = before
    for node in meta.graph_def.node:
        if "f" in node.attr:
            node.attr["f"].func.name = f"level{levels - 1}"
    return meta.SerializeToString()


def counted(passes: int, depth: int) -> bytes:
    """Loops within loops, each of a number of passes that a constant says."""

    def build() -> None:
        def loop(x, left):
            if not left:
                return x * 1.0001
            return tf.while_loop(lambda i, _: i < passes, lambda i, v: (i + 1, loop(v, left - 1)), [tf.constant(0), x])[
                1
            ]

        x = tf.placeholder(tf.float32, [None, 784], name="X")
        tf.identity(loop(x, depth), name="logits")

    return exported(build)


def chained(length: int) -> bytes:
    def build() -> None:
        x = tf.placeholder(tf.float32, [None, 784], name="X")
        for _ in range(length):
            x = tf.identity(x)
        tf.identity(x, name="logits")

    return exported(build)


def fan(width: int) -> bytes:
    """Each op reads the one before twice: as many ways to the placeholder as two to the number of ops."""

    def build() -> None:
        x = tf.placeholder(tf.float32, [None, 784], name="X")
        for _ in range(width):
            x = tf.nn.relu(x + tf.nn.relu(x))
        tf.identity(x, name="logits")

    return exported(build)


def long_names(letters: int, levels: int) -> bytes:
    """Functions within functions, whose ops have names of a length that is taken over into those of all below."""
    meta = meta_graph_def()
    meta.ParseFromString(laughing(levels))
    for function in meta.graph_def.library.function:
        for number in range(3):
            function.node_def.add(name=f"{number}" * letters, op="NoOp")
        called = [node for node in function.node_def if node.op == "PartitionedCall"]
        if called:
            called[0].name = "n" * letters
            function.node_def.remove(called[1])
            function.ret[function.signature.output_arg[0].name] = f"{called[0].name}:output:0"
    return meta.SerializeToString()


READ = {
    "functions that each call the next one twice": lambda: laughing(28),
    "a loop of a billion passes": lambda: counted(10**9, 1),
    "three nested loops of a thousand passes": lambda: counted(1000, 3),
    "a chain of eight thousand ops": lambda: chained(8_000),
    "a graph with more paths than atoms in the universe": lambda: fan(300),
    "names that grow with each nested function": lambda: long_names(100_000, 30),
}
ENDED = ("functions that each call the next one twice", "names that grow with each nested function")
TOO_LARGE = re.compile(r"over 100,000 operations|has over 256,000,000 bytes")


@pytest.mark.parametrize("make", READ.values(), ids=READ)
def test_reading_a_graph_takes_no_longer_than_its_size(make) -> None:
    content = make()
    said = ""
    try:
        network = netgrader.read_network(content, {"X": "X:0", "logits": "logits:0"}, "two_layer_network", lab=None)
    except SentenceError as error:
        said = str(error)
    assert TOO_LARGE.search(said) if said else network.faults
    assert bool(said) == (make in {READ[name] for name in ENDED})


def test_what_all_ways_pass_is_looked_for_in_a_number_of_steps() -> None:
    """A chain, and ops that read its beginning and one of its links: from each link it is far to where both ways part."""
    graph = message("GraphDef")()
    graph.node.add(name="link0", op="Placeholder")
    for number in range(1, 8_000):
        graph.node.add(name=f"link{number}", op="Identity", input=[f"link{number - 1}"])
        sums = [f"sum{number - 1}"] if number > 1 else []
        graph.node.add(name=f"sum{number}", op="AddN", input=["link0", f"link{number}", *sums])
    read = Graph(plain_node(node) for node in graph.node)
    with pytest.raises(GraphError, match="too tangled to be read"):
        read.dominators("link0:0", f"sum{number}:0")


WALKS = {
    "what sizes are of": ("Identity", "Size"),
    "what sizes of gathered rows are of": ("GatherV2", "Size"),
    "what updates write to": ("Identity", "AssignSubVariableOp"),
}


@pytest.mark.parametrize("walk", WALKS)
def test_what_many_ops_have_far_up_is_looked_for_in_a_number_of_steps(walk: str, monkeypatch) -> None:
    """Each of hundreds of ops reads the end of one long chain."""
    monkeypatch.setattr("graphread.graph.plain.MAX_VISITS", 50_000)
    link, last = WALKS[walk]
    graph = message("GraphDef")()
    graph.node.add(name="link0", op="VarHandleOp")
    for number in range(1, 300):
        graph.node.add(name=f"link{number}", op=link, input=["link0", f"link{number - 1}"][link == "Identity" :])
        graph.node.add(name=f"last{number}", op=last, input=["link299", "link0"])
    graph.node.add(name="sum", op="AddN", input=[f"last{number}" for number in range(1, 300)])
    read = Graph(plain_node(node) for node in graph.node)
    with pytest.raises(GraphError, match="too tangled to be read"):
        [*all_updates(read), *read.ancestors(["sum:0"])]
