"""What `net` says its parts are is checked, not believed: the wrong tensor is named, and the right one is read."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from netgrader import read_network


def network(lab, **renamed):
    """A right one-layer network, read with some attributes taken from others or from a function of the parts."""
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        weights, bias = tf.Variable(tf.glorot_uniform_initializer(seed=3)([784, 10])), tf.Variable(tf.zeros([10]))
        z = tf.matmul(x, weights)
        parts = {"product": z, "decay": tf.nn.l2_loss(weights), "X": x, "Y": y}
        z = z + bias
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))
        right = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32))
        train = tf.train.AdamOptimizer(0.003).minimize(loss)
        parts |= {"logits": z, "prediction": tf.nn.softmax(z), "loss": loss, "accuracy": right, "train_op": train}
        parts["init"] = tf.global_variables_initializer()
        parts |= {part: parts[other] for part, other in renamed.items()}
        content = tf.train.export_meta_graph(graph=graph).SerializeToString()
    return read_network(content, parts, "one_layer_network", lab=lab)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("loss", "accuracy"),
        ("loss", "decay"),
        ("loss", "logits"),
        ("Y", "X"),
        ("train_op", "init"),
    ],
)
def test_an_attribute_that_holds_another_tensor_is_named_and_the_network_is_read_all_the_same(part, other, lab):
    found = network(lab, **{part: other})
    assert found.codes == set()
    assert found.undecided == ()
    assert [(remark.code, str(remark.at)) for remark in found.remarks] == [("misnamed-part", f"net.{part}")]


def test_what_is_named_rightly_is_not_remarked_on(lab):
    found = network(lab)
    assert (found.codes, found.remarks) == (set(), ())


def test_each_role_says_why_it_was_chosen(lab):
    roles = network(lab).roles
    played = {name for name, role in roles.items() if role.name}
    assert played == {*("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy"), "learning_rate"}
    assert all(role.reason for role in roles.values())


def test_a_network_without_a_loss_is_read_and_only_lacks_that(lab):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 784])
        tf.placeholder(tf.float32, [None, 10])
        tf.nn.softmax(x @ tf.Variable(tf.zeros([784, 10])) + tf.Variable(tf.zeros([10])))
        content = graph.as_graph_def().SerializeToString()
    found = read_network(content, exercise="one_layer_network", lab=lab)
    assert {str(fault.place) for fault in found.faults} == {"loss", "train_op"}
    assert str(found.roles["train_op"].reason) == "nothing in the graph plays it"
    assert found.layers[0].outputs == 10
