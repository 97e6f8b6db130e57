"""The local lab: real graphs, as in a student's process."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab import LabError
from graphread.lab.local import LocalLab


def exported(build, collections=True):
    """The bytes of the graph that `build` makes."""
    with tf.Graph().as_default() as graph:
        build()
        if not collections:
            return graph.as_graph_def().SerializeToString()
        return tf.train.export_meta_graph(graph=graph).SerializeToString()


def regression(resource=False, optimizer=None):
    def build():
        tf.set_random_seed(5)
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        y = tf.placeholder(tf.float32, [None, 1], name="y")
        with tf.variable_scope("model", use_resource=resource):
            weights = tf.get_variable("w", [3, 1], initializer=tf.glorot_uniform_initializer())
            bias = tf.get_variable("b", [1], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.square(x @ weights + bias - y), name="loss")
        (optimizer or tf.train.GradientDescentOptimizer(0.1)).minimize(loss, name="step")

    return build


@pytest.fixture
def lab():
    lab = LocalLab()
    yield lab
    lab.close()


X = np.arange(12, dtype=np.float64).reshape(4, 3) / 12
Y = np.array([[1.0], [2.0], [0.0], [-1.0]])


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("collections", [False, True])
def test_variables_are_found_set_and_read_whatever_their_kind(lab, resource, collections):
    graph = lab.load(exported(regression(resource), collections))
    assert set(graph.variables) == set(graph.trainable) == {"model/w", "model/b"}
    session = graph.session(seed=1)
    weights = np.array([[1.0], [-2.0], [0.5]])
    session.assign({"model/w": weights, "model/b": np.array([3.0])})
    np.testing.assert_allclose(session.values(["model/w"])["model/w"], weights)
    (loss,) = session.run(["loss:0"], {"x:0": X, "y:0": Y})
    np.testing.assert_allclose(loss, np.mean((X @ weights + 3 - Y) ** 2), rtol=1e-6)


def test_a_variable_that_begins_with_what_is_fed_stops_no_other_one(lab):
    def build():
        data = tf.Variable(
            tf.placeholder(tf.float32, [None, 3], name="data"), trainable=False, collections=[], validate_shape=False
        )
        x = tf.placeholder_with_default(tf.gather(data, [0]), [None, 3], name="x")
        tf.matmul(x, tf.get_variable("w", [3, 1], initializer=tf.ones_initializer()), name="z")

    session = lab.load(exported(build)).session()
    session.initialise()
    np.testing.assert_allclose(session.run(["z:0"], {"x:0": X})[0], X.sum(axis=1, keepdims=True), rtol=1e-6)
    with pytest.raises(LabError):
        session.run(["z:0"], {})


def test_gradients_added_by_the_lab_are_those_of_calculus(lab):
    graph = lab.load(exported(regression()))
    by_weights, by_label = graph.gradients("loss:0", ["model/w", "y:0"])
    session = graph.session(seed=3)
    session.initialise()
    weights = session.values()["model/w"]
    gradient, label = session.run([by_weights, by_label], {"x:0": X, "y:0": Y})
    np.testing.assert_allclose(gradient, 2 * X.T @ (X @ weights - Y) / 4, rtol=1e-5)
    assert label.shape == (4, 1)


def test_a_gradient_that_does_not_exist_is_none(lab):
    def build():
        regression()()
        tf.placeholder(tf.float32, [2], name="apart")

    graph = lab.load(exported(build))
    assert graph.gradients("loss:0", ["apart:0"]) == [None]


def test_a_session_repeats_itself_with_a_seed_and_not_with_another(lab):
    graph = lab.load(exported(regression()))

    def initial(seed):
        session = graph.session(seed)
        session.initialise()
        return session.values()["model/w"]

    np.testing.assert_array_equal(initial(1), initial(1))
    assert not np.allclose(initial(1), initial(2))
    np.testing.assert_array_equal(initial(0), initial(0))  # the graph is seeded itself


def test_batches_train_as_single_runs_do(lab):
    graph = lab.load(exported(regression(optimizer=tf.train.MomentumOptimizer(0.1, 0.9))))
    batches = [np.array([0, 1]), np.array([2, 3]), np.array([1, 3])]
    together, apart = graph.session(1), graph.session(1)
    for session in (together, apart):
        session.initialise()
    losses = together.run_batches(["loss:0", "step"], {"x:0": X, "y:0": Y}, batches)
    for batch, (loss, nothing) in zip(batches, losses, strict=True):
        expected, _ = apart.run(["loss:0", "step"], {"x:0": X[batch], "y:0": Y[batch]})
        assert nothing is None
        np.testing.assert_allclose(loss, expected, rtol=1e-6)
    np.testing.assert_allclose(together.values()["model/w"], apart.values()["model/w"], rtol=1e-6)


def test_an_initialiser_that_needs_another_variable_waits_for_it(lab):
    def build():
        first = tf.Variable([1.0, 2.0], name="first")
        tf.Variable(first * 2, name="second")

    session = lab.load(exported(build)).session(1)
    session.initialise()
    np.testing.assert_allclose(session.values()["second"], [2.0, 4.0])


def test_summaries_prints_assertions_and_savers_do_not_matter(lab, tmp_path):
    def build():
        x = tf.placeholder(tf.float32, [None], name="x")
        weights = tf.get_variable("w", [], initializer=tf.ones_initializer())
        with tf.control_dependencies([tf.Assert(tf.reduce_all(x < 0), [x]), tf.print(x)]):
            product = tf.Print(x * weights, [x])
        tf.summary.scalar("s", tf.reduce_mean(product))
        tf.summary.merge_all()
        tf.reduce_sum(product, name="sum")
        tf.train.Saver()

    session = lab.load(exported(build)).session(1)
    session.initialise()
    assert session.run(["sum:0"], {"x:0": np.array([1.0, 2.0])}) == [3.0]


def test_an_assertion_inside_a_loop_leaves_the_loop_whole(lab):
    def build():
        x = tf.placeholder(tf.float32, [], name="x")

        def body(i, value):
            with tf.control_dependencies([tf.Assert(value < 0, [value])]):
                return i + 1, value * 2

        _, result = tf.while_loop(lambda i, _: i < 3, body, [tf.constant(0), x])
        tf.identity(result, name="result")

    graph = lab.load(exported(build))
    (gradient,) = graph.gradients("result:0", ["x:0"])
    assert graph.session(1).run(["result:0", gradient], {"x:0": np.float32(1)}) == [8.0, 8.0]


def test_what_tf_data_would_give_can_be_fed(lab):
    def build():
        data = tf.data.Dataset.from_tensor_slices((np.zeros((4, 2), np.float32), np.zeros(4, np.int64))).batch(2)
        images, labels = tf.data.make_one_shot_iterator(data).get_next()
        tf.add(tf.reduce_sum(images), tf.cast(tf.reduce_sum(labels), tf.float32), name="total")

    graph = lab.load(exported(build))
    feeds = {"IteratorGetNext:0": np.ones((2, 2)), "IteratorGetNext:1": np.array([3, 4])}
    assert graph.session(1).run(["total:0"], feeds) == [11.0]


FORBIDDEN = {
    "ReadFile": lambda _: tf.io.read_file("/etc/passwd"),
    "WriteFile": lambda _: tf.io.write_file("written-by-a-graph", "x"),
    "MatchingFiles": lambda _: tf.io.matching_files("/etc/*"),
    "EagerPyFunc": lambda x: tf.py_function(lambda v: v, [x], tf.float32),
    "PyFunc": lambda x: tf.py_func(lambda v: v, [x], tf.float32),
    "RestoreV2": lambda _: tf.raw_ops.RestoreV2(
        prefix="x", tensor_names=["w"], shape_and_slices=[""], dtypes=[tf.float32]
    ),
    "HashTableV2": lambda _: tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([1], [2]), 0).size(),
    "DecodePng": lambda _: tf.io.decode_png(tf.placeholder(tf.string, [])),
    "RandomDataset": lambda _: tf.raw_ops.RandomDataset(seed=1, seed2=2, output_types=[tf.int64], output_shapes=[[]]),
}


@pytest.mark.parametrize("op", FORBIDDEN)
def test_an_op_that_is_not_allowed_is_never_run_and_is_named(lab, op):
    def build():
        x = tf.placeholder(tf.float32, [], name="x")
        tf.identity(x, name="fine")
        result = FORBIDDEN[op](x)
        if isinstance(result, tf.Operation):
            with tf.control_dependencies([result]):
                tf.identity(x, name="stolen")
        else:
            tf.identity(result[0] if isinstance(result, list) else result, name="stolen")

    graph = lab.load(exported(build))
    session = graph.session(1)
    assert session.run(["fine:0"], {"x:0": 1.0}) == [1.0]
    with pytest.raises(LabError) as caught:
        session.run(["stolen:0"], {"x:0": 1.0})
    assert caught.value.kind == "op"
    assert op in str(caught.value.sentence)


def test_an_op_hidden_in_a_function_in_a_loop_is_found(lab):
    def build():
        @tf.function(autograph=False)
        def inner(x):
            return tf.while_loop(lambda v: v < 3, lambda v: v + tf.strings.length(tf.io.read_file("/etc/passwd")), [x])

        tf.identity(inner(tf.placeholder(tf.int32, [], name="x")), name="out")
        tf.constant(1, name="fine")

    graph = lab.load(exported(build))
    with pytest.raises(LabError) as caught:
        graph.session(1).run(["out:0"], {"x:0": 0})
    assert caught.value.kind == "op"
    assert "ReadFile" in str(caught.value.sentence)


def test_functions_and_functional_control_flow_run(lab):
    def build():
        @tf.function(autograph=False)
        def inner(x):
            return tf.while_loop(lambda v: v < 3.0, lambda v: tf.cond(v > 1.0, lambda: v + 2, lambda: v + 1), [x])

        tf.identity(inner(tf.placeholder(tf.float32, [], name="x")), name="out")

    assert lab.load(exported(build)).session(1).run(["out:0"], {"x:0": 0.0}) == [4.0]


def test_a_function_that_calls_itself_is_one_sentence(lab):
    with tf.Graph().as_default() as graph:
        inner = tf.function(lambda x: x + 1, autograph=False)
        inner(tf.placeholder(tf.float32, []))
        definition = graph.as_graph_def()
    function = definition.library.function[0]
    call = function.node_def.add(name="again", op="StatefulPartitionedCall")
    call.attr["f"].func.name = function.signature.name
    with pytest.raises(LabError, match="calls itself"):
        lab.load(definition.SerializeToString())


def test_a_giant_constant_is_refused_before_tensorflow_sees_it(lab):
    with tf.Graph().as_default() as graph:
        tf.constant(0.0, name="c")
        definition = graph.as_graph_def()
    for _ in range(3):
        definition.node[0].attr["value"].tensor.tensor_shape.dim.add(size=1_000_000)
    with pytest.raises(LabError) as caught:
        lab.load(definition.SerializeToString())
    assert caught.value.kind == "limit"


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x0a\xff\xff\xff\x0f", b"\x00" * 100])
def test_bytes_that_are_no_graph_are_one_sentence(lab, content):
    with pytest.raises(LabError) as caught:
        lab.load(content)
    assert caught.value.kind == "graph"
    assert "\n" not in str(caught.value.sentence)


def test_tensorflows_refusals_are_one_sentence(lab):
    session = lab.load(exported(regression())).session(1)
    session.initialise()
    for fetch, feeds in [
        ("loss:0", {"x:0": np.zeros((2, 7)), "y:0": Y}),
        ("loss:0", {}),
        ("nothing:0", {}),
        ("loss:7", {}),
        ("loss:0", {"x:0": np.array([["a"]])}),
    ]:
        with pytest.raises(LabError) as caught:
            session.run([fetch], feeds)
        assert caught.value.kind == "run"
        assert "\n" not in str(caught.value.sentence)
    with pytest.raises(LabError, match="shape"):
        session.assign({"model/w": np.zeros((4, 1))})
    with pytest.raises(LabError, match="no variable"):
        session.assign({"loss": np.zeros(())})


def test_an_endless_loop_ends_at_the_limit():
    def build():
        tf.identity(tf.while_loop(lambda v: v < 2.0, lambda v: v * 1.0, [tf.constant(1.0)]), name="out")

    with pytest.raises(LabError) as caught:
        LocalLab(timeout=0.2).load(exported(build)).session(1).run(["out:0"])
    assert caught.value.kind == "limit"


def test_a_training_that_is_made_shorter_comes_to_the_same(lab):
    graph = lab.load(exported(regression()))
    data = {"x:0": np.linspace(-1, 1, 30, dtype=np.float32).reshape(10, 3), "y:0": np.ones((10, 1), np.float32)}
    values = []
    for often in (False, True):
        session = graph.session(seed=1, often=often)
        session.initialise()
        session.run_batches(["step"], data, [np.arange(5), np.arange(5, 10)] * 20)
        values.append(session.values())
        session.close()
    for name, value in values[0].items():
        np.testing.assert_allclose(values[1][name], value, rtol=1e-5, atol=1e-7)


def test_the_students_own_graph_stays_as_it_is(lab):
    with tf.Graph().as_default() as graph:
        regression()()
        before = graph.as_graph_def()
        loaded = lab.load(before.SerializeToString())
        loaded.gradients("loss:0", ["model/w"])
        loaded.session(2).initialise()
        assert graph.as_graph_def() == before
        assert tf.get_default_graph() is graph
