"""Graphs from any source, and inputs that are not graphs: one sentence, no traceback."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tensorflow.compat.v1 as tf

from graphread.lab.local import LocalLab
from graphread.text import SentenceError
from netgrader import read_network
from netgrader.course_reader import exercise_named
from netgrader.errors import NetgraderError
from tests.reader.networks import adam, cross_entropy, dense, placeholders, read


@pytest.fixture(scope="module")
def graph():
    with tf.Graph().as_default() as graph:
        x, y = placeholders()
        adam(cross_entropy(y, dense(dense(x, 1500, tf.nn.relu), 10)))
    return graph


def test_every_form_of_a_graph_is_read_alike(graph, tmp_path):
    definition = graph.as_graph_def()
    with graph.as_default():
        meta = tf.train.export_meta_graph()
    (tmp_path / "binary").write_bytes(definition.SerializeToString())
    (tmp_path / "meta").write_bytes(meta.SerializeToString())
    (tmp_path / "text").write_text(str(definition), encoding="utf-8")
    (tmp_path / "meta-text").write_text(str(meta), encoding="utf-8")
    binary = [graph, definition, meta, meta.SerializeToString(), tmp_path / "binary", str(tmp_path / "meta")]
    forms = [*binary, tmp_path / "text", tmp_path / "meta-text"]
    read = [read_network(form, exercise="two_layer_network", lab=None) for form in forms]
    assert all(one == read[0] for one in read)
    assert [(layer.inputs, layer.outputs, layer.activation) for layer in read[0].layers] == [
        (784, 1500, "relu"),
        (1500, 10, "none"),
    ]
    assert not read[0].faults


def test_text_that_a_stranger_handed_over_is_no_graph_and_a_long_one_in_a_file_is_not_begun(graph, tmp_path):
    text = str(graph.as_graph_def()).encode()
    with pytest.raises(SentenceError, match="not a graph"):
        read_network(text, lab=None)
    (tmp_path / "long").write_bytes(text + b"#" * 16_000_000)
    with pytest.raises(SentenceError, match="too large for one as text: at most 16,000,000 bytes"):
        read_network(tmp_path / "long", lab=None)


def test_a_lab_that_has_read_a_graph_keeps_no_session_with_its_variables(graph):
    lab = LocalLab()
    for _ in range(2):
        read_network(graph, exercise="two_layer_network", lab=lab)
        assert not lab.sessions
    lab.close()


def cut(graph):
    content = graph.as_graph_def().SerializeToString()
    return content[: len(content) // 2]


def many(_):
    definition = tf.GraphDef()
    definition.node.extend(tf.NodeDef(name=f"n{index}", op="NoOp") for index in range(200_000))
    return definition


def nodes(*each):
    """Return what makes a graph of nodes: a name, and the input of each."""

    def make(_):
        definition = tf.GraphDef()
        for name, before in each:
            definition.node.add(name=name, op="Identity", input=[before])
        return definition

    return make


def recursive(_):
    with tf.Graph().as_default() as graph:
        tf.function(lambda x: x + 1, autograph=False)(tf.placeholder(tf.float32, []))
    definition = graph.as_graph_def()
    function = definition.library.function[0]
    call = function.node_def.add(
        name="again", op="StatefulPartitionedCall", input=[function.signature.input_arg[0].name]
    )
    call.attr["f"].func.name = function.signature.name
    return definition


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (cut, "cut off"),
        (many, "200,000"),
        (nodes(("one", "two"), ("two", "one")), "cyclic"),
        (nodes(("one", "nowhere")), "not there"),
        (nodes(("one", "two"), ("one", "two")), "two operations"),
        (recursive, "calls itself"),
        (lambda _: b"", "empty"),
        (lambda _: tf.GraphDef(), "empty"),
        (lambda _: b"This is a text.", "not a graph"),
        (lambda _: b"node { name: 'x' op: 'NoOp'", "not a graph"),
        (lambda _: 7, "not a graph"),
        (lambda _: "/nowhere/at/all.pb", "cannot be read"),
    ],
)
def test_what_is_no_graph_gets_one_sentence(graph, make, words):
    with pytest.raises(SentenceError) as caught:
        read_network(make(graph), lab=None)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_graph_in_an_exercise_is_a_fault():
    assert read_network(tf.Graph(), exercise="one_layer_network").codes == {"built-in-default-graph"}


def test_a_graph_of_placeholders_only_lacks_its_parts():
    with tf.Graph().as_default() as graph:
        tf.placeholder(tf.float32, [None, 784])
    assert read_network(graph, exercise="one_layer_network").codes == {"missing-tensor"}
    assert not read_network(graph).faults


def test_an_op_that_is_not_run_is_named_and_the_rest_is_read(lab):
    def build(x, _):
        return dense(x, 10) + 0 * tf.strings.to_number(tf.io.read_file("/etc/passwd"))

    network = read(lab, build, replace(exercise_named("one_layer_network"), learning_rate=0.001))
    assert not network.faults
    assert network.optimizer is not None
    assert any("which the lab does not run" in str(sentence) for sentence in network.undecided)


def test_an_exercise_that_is_not_there_is_a_usage_error(graph):
    with pytest.raises(NetgraderError, match="no exercise"):
        read_network(graph, exercise="three_layers")
