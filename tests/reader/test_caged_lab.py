"""The sandboxed lab answers like the local one, and its graphs do no harm."""

from __future__ import annotations

import os
import struct

import msgspec
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab import LabError
from graphread.lab.local import LocalLab
from graphread.lab.wire import Channel, FrameError, FrameLimits
from netgrader.caged_lab import CagedLab


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


def test_a_graph_that_never_ends_ends_the_server_and_the_next_one_takes_over():
    lab = CagedLab(seconds=20)
    meta_graph, never = endless()
    graph = lab.load(one_layer())
    kept = graph.session(seed=1)
    session = lab.load(meta_graph).session()
    lab.alive()
    with pytest.raises(LabError) as raised:
        session.run([never])
    assert raised.value.kind == "limit"
    with pytest.raises(LabError) as raised:
        kept.initialise()
    assert raised.value.kind == "lost"
    again = graph.session(seed=1)
    again.initialise()
    assert again.values()["w"].shape == (4, 3)
    lab.close()
    with pytest.raises(LabError):
        graph.session()


def test_gradients_that_were_asked_for_are_there_again_in_the_next_server(lab):
    graph = lab.load(one_layer())
    (slope,) = graph.gradients("y:0", ["x:0"])
    lab._server.caged.kill()
    lab._server.caged.wait()
    session = graph.session()
    session.assign({"w": np.full((4, 3), 2, np.float32)})
    (found,) = session.run([slope], {"x:0": np.zeros((1, 4), np.float32)})
    np.testing.assert_allclose(found, np.full((1, 4), 6))


def test_a_tensor_of_text_is_refused_and_the_lab_goes_on(lab):
    with tf.Graph().as_default() as graph:
        tf.constant("text", name="text")
        tf.constant(1.0, name="number")
        meta_graph = tf.train.export_meta_graph(graph=graph).SerializeToString()
    session = lab.load(meta_graph).session()
    with pytest.raises(LabError):
        session.run(["text:0"])
    assert session.run(["number:0"])[0] == 1.0


def test_without_a_sandbox_of_that_name_there_is_no_lab():
    with pytest.raises(LabError, match="no sandbox"):
        CagedLab("a-paper-bag")


@pytest.fixture
def pipe():
    """A channel that hears what it is sent, and a file through which to send it anything else."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as ours, os.fdopen(writing, "wb", buffering=0) as other:
        yield Channel(ours, other, FrameLimits(text=1000, arrays=1000, each=100)), other


def test_a_frame_comes_back_as_it_was_sent(pipe):
    channel, _ = pipe
    sent = {"a": [np.arange(6.0).reshape(2, 3), np.float32(2), None, "text", {"$": b"raw"}], "n": 3}
    channel.send(sent)
    came = channel.receive()
    np.testing.assert_array_equal(came["a"][0], sent["a"][0])
    assert came["a"][1].shape == ()
    assert came["a"][2:] == sent["a"][2:]
    assert came["n"] == 3


@pytest.mark.parametrize(
    "value",
    [np.array(["a"]), np.array([None]), np.complex64(1), object(), "\ud800"],
    ids=["text", "none", "complex", "object", "half a character"],
)
def test_what_cannot_be_sent_is_an_error_and_the_next_frame_comes(pipe, value):
    channel, _ = pipe
    with pytest.raises((TypeError, ValueError)):
        channel.send([np.ones(3), value])
    channel.send(1)
    assert channel.receive() == 1


def frame(text: bytes, *parts: bytes) -> bytes:
    return struct.pack("<I", len(text)) + b"".join((text, *parts))


def array(dtype: object, *shape: object) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(1, msgspec.msgpack.encode((dtype, shape)))


def encoded(value: object, *parts: bytes) -> bytes:
    return frame(msgspec.msgpack.encode(value), *parts)


MALFORMED = {
    "longer than the limit": b"\xff\xff\xff\xff",
    "text longer than the limit": encoded("x" * 1001),
    "cut off": frame(b"\x92\x01"),
    "nested without end": frame(b"\x91" * 990),
    "a dict as a key": frame(b"\x81\x80\x01"),
    "an array as a key": frame(b"\x81" + msgspec.msgpack.encode(array("|u1", 1)) + b"\x01", b"x"),
    "an array of objects": encoded(array("|O", 1), bytes(8)),
    "an array of text": encoded(array("<U1", 1), bytes(4)),
    "an array of a type that is none": encoded(array("<f1", 1), bytes(1)),
    "a negative size": encoded(array("|u1", -1)),
    "sizes that are not numbers": encoded(array("|u1", None)),
    "an array that is too large": encoded(array("|u1", 10**12)),
    "no shape": frame(msgspec.msgpack.encode(msgspec.msgpack.Ext(1, b"\x01"))),
    "more axes than NumPy has": encoded(array("|u1", *[1] * 99), b"x"),
    "arrays that are too many": encoded([array("|u1", 0)] * 11),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_frame_is_refused(pipe, content):
    channel, other = pipe
    other.write(content)
    with pytest.raises(FrameError):
        channel.receive()


def test_a_frame_that_does_not_end_ends_with_the_other_side():
    reading, writing = os.pipe()
    os.write(writing, encoded(array("|u1", 9), b"abc"))
    os.close(writing)
    with os.fdopen(reading, "rb") as ours, pytest.raises(FrameError, match="gone"):
        Channel(ours, ours).receive()
