"""Labels and logits are distinguished even if there is no gradient, and so no training step."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from tests.reader.networks import adam, dense, placeholders


@pytest.mark.parametrize("named", [True, False], ids=["parts named", "the graph alone"])
@pytest.mark.parametrize("tried", [True, False], ids=["tried", "not run"])
@pytest.mark.parametrize("swapped", [True, False])
def test_labels_and_logits_are_told_apart_where_no_gradient_is_left(named, tried, swapped, lab):
    with tf.Graph().as_default() as graph:
        x, y = placeholders()
        z = dense(x, 10)
        both = {"labels": z, "logits": y} if swapped else {"labels": y, "logits": z}
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(**both))
        if swapped:
            with pytest.raises(ValueError, match="No gradients"):
                adam(loss)
        parts = {"X": x, "Y": y, "logits": z, "loss": loss}
        network = read_network(graph, parts if named else None, lab=lab if tried else None)
    assert network.codes == ({"labels-logits-swapped"} if swapped and tried else set())
