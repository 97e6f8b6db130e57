"""A lab that starts as a fork of a zygote answers like any other, and knows nothing of the previous one."""

from __future__ import annotations

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab import LabError
from graphread.lab.local import LocalLab
from netgrader.cage_contents import preload
from netgrader.caged_lab import CagedLab
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.zygote import Preload, Zygote


@pytest.fixture(scope="module")
def zygote():
    with Zygote.start(BubblewrapSandbox(), preload(1)) as zygote:
        zygote.wait()
        yield zygote


@pytest.fixture
def lab(zygote):
    lab = CagedLab(zygote=zygote.address, seconds=60)
    yield lab
    lab.close()


def a_layer() -> bytes:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4], name="x")
        w = tf.get_variable("w", [4, 3], initializer=tf.glorot_uniform_initializer())
        loss = tf.reduce_sum(tf.nn.relu(tf.matmul(x, w)), name="loss")
        tf.train.AdamOptimizer(0.1).minimize(loss, name="step")
        tf.identity(tf.random_uniform([6]), name="drawn")
        return tf.train.export_meta_graph(graph=graph).SerializeToString()


def steps(lab):
    session = lab.load(a_layer()).session(3)
    session.initialise()
    images = {"x:0": np.linspace(0, 1, 40, dtype=np.float32).reshape(10, 4)}
    for _ in range(3):
        session.run(["step"], images)
    return session.values()


def test_it_answers_as_the_lab_in_this_process_does(lab):
    local = LocalLab(threads=2)
    here = steps(local)
    local.close()
    there = steps(lab)
    assert here.keys() == there.keys()
    for name, value in here.items():
        np.testing.assert_array_equal(there[name], value)


def test_a_graph_of_one_lab_is_not_there_in_the_next(zygote):
    first, second = (CagedLab(zygote=zygote.address) for _ in range(2))
    session = first.load(a_layer()).session(3)
    session.initialise()
    with pytest.raises(LabError):
        second.ask("run", session=session._number, fetches=["loss:0"], feeds={})
    first.close()
    second.close()


def test_what_nobody_seeds_is_drawn_anew_in_each(zygote):
    drawn = []
    for _ in range(2):
        lab = CagedLab(zygote=zygote.address)
        drawn.append(lab.load(a_layer()).session().run(["drawn:0"])[0].tolist())
        lab.close()
    assert drawn[0] != drawn[1]


def test_without_a_zygote_it_begins_from_nothing():
    with Zygote.start(BubblewrapSandbox(), Preload()) as zygote:
        zygote.wait()
        address = zygote.address
    lab = CagedLab(zygote=address)
    assert "w" in lab.load(a_layer()).trainable
    lab.close()


def test_a_lab_that_is_lost_is_forked_again(lab):
    graph = lab.load(a_layer())
    os.kill(lab._server.caged._first, 9)
    lab._server.caged.wait(10)
    session = graph.session(1)
    session.initialise()
    assert session.values(["w"])["w"].shape == (4, 3)
