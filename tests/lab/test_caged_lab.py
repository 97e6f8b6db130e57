"""The caged lab answers as the one in this process does, and its graphs harm nobody."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader.lab.api import LabError
from netgrader.lab.caged import CagedLab
from netgrader.lab.local import LocalLab
from netgrader.lab.wire import BadFrame, decode, encode


@pytest.fixture(scope="module")
def lab():
    lab = CagedLab(seconds=60)
    yield lab
    lab.close()


def one_layer() -> bytes:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4], name="x")
        w = tf.get_variable("w", [4, 3], initializer=tf.glorot_uniform_initializer())
        y = tf.matmul(x, w, name="y")
        tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(y), name="step")
        return tf.train.export_meta_graph(graph=graph).SerializeToString()


def endless() -> tuple[bytes, str]:
    with tf.Graph().as_default() as graph:
        never = tf.while_loop(lambda i: i < 2.0, lambda i: i * 0.5, [tf.constant(1.0)])
        return tf.train.export_meta_graph(graph=graph).SerializeToString(), never.name


def test_it_answers_as_the_lab_in_this_process(lab):
    rows = np.arange(8, dtype=np.float32).reshape(2, 4)
    answers = []
    for asked in (lab, LocalLab()):
        graph = asked.load(one_layer())
        session = graph.session(seed=7)
        session.initialise()
        first = session.values()["w"]
        batches = session.run_batches(["y:0", "step"], {"x:0": rows}, [np.array([0]), np.array([1, 0])])
        session.assign({"w": np.ones((4, 3), np.float32)})
        (y,) = session.run(["y:0"], {"x:0": rows})
        (slope,) = graph.gradients("y:0", ["x:0"])
        session.close()
        session = graph.session(seed=7)
        session.initialise()
        (gradient,) = session.run([slope], {"x:0": rows})
        answers.append((graph.variables, graph.trainable, first, batches[1][0], batches[0][1], y, gradient))
    for caged, local in zip(*answers, strict=True):
        np.testing.assert_array_equal(caged, local)


def test_an_error_of_tensorflow_is_a_sentence_and_the_lab_goes_on(lab):
    session = lab.load(one_layer()).session()
    with pytest.raises(LabError) as raised:
        session.run(["y:0"], {"x:0": np.ones((1, 5), np.float32)})
    assert raised.value.kind == "run"
    session.initialise()
    assert session.run(["y:0"], {"x:0": np.ones((1, 4), np.float32)})[0] is not None


def test_a_graph_that_never_ends_ends_the_lab_within_its_time():
    lab = CagedLab(seconds=10)
    meta_graph, never = endless()
    session = lab.load(meta_graph).session()
    with pytest.raises(LabError) as raised:
        session.run([never])
    assert raised.value.kind == "limit"
    with pytest.raises(LabError):
        lab.load(one_layer())
    lab.close()


def test_a_frame_comes_back_as_it_was_sent():
    sent = {"a": [np.arange(6.0).reshape(2, 3), None, "text", {"b": b"raw"}], "n": 3}
    came = decode(io.BytesIO(b"".join(encode(sent))).read)
    np.testing.assert_array_equal(came["a"][0], sent["a"][0])
    assert came["a"][1:] == sent["a"][1:]
    assert came["n"] == 3


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x00",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        b'\x00\x00\x00\x1a{"body": 1, "blobs": [99]}',
        b"\x00\x00\x00\x20" + b'{"body":{"$npy":0},"blobs":[ 3]}' + b"abc",
    ],
)
def test_a_malformed_frame_is_refused(content):
    with pytest.raises(BadFrame):
        decode(io.BytesIO(content).read)
