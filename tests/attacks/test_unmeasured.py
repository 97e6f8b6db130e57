"""Sweeps that were never run, through the whole road; and sweeps that were, in whatever way, which lose nothing by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attacks.notebooks import cell_of, graded

if TYPE_CHECKING:
    from netgrader.results import SubmissionResult

NETWORK = """
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        return in_graph(graph, learning_rate)

def in_graph(graph, learning_rate):
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    hidden, _ = fully_connected_layer(X, 1500, activation=tf.nn.relu)
    logits, _ = fully_connected_layer(hidden, 10)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=tf.nn.softmax(logits), loss=loss,
                           train_op=train_op, accuracy=accuracy)

RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
LIKELY = {1e-4: 0.88, 3e-4: 0.914, 1e-3: 0.938, 3e-3: 0.946, 1e-2: 0.93}

def steps(sess, net, feed, seed=0, n_steps=100):
    random = np.random.RandomState(seed)
    for _ in range(n_steps):
        rows = random.randint(0, 60000, 64)
        sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows], **feed})

def on_test(sess, net):
    return float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))

def trained_at(rate):
    net = two_layer_network(rate)
    with tf.Session(graph=net.graph) as sess:
        short_training(sess, net, n_steps=100)
        return on_test(sess, net)
# %% learning_rate_sweep
"""
IDLE = """
import time
end = time.process_time() + 1.5
while time.process_time() < end:
    pass
"""
TYPED = "sweep = dict(LIKELY)\nbest_learning_rate = 0.003\n"
AT_A_PLACEHOLDER = """
def of_any_rate():
    graph = tf.Graph()
    with graph.as_default():
        rate = tf.placeholder(tf.float32, [])
        return in_graph(graph, rate), rate, tf.global_variables_initializer()
"""

HONEST = {
    "a session for each rate": "sweep = {rate: trained_at(rate) for rate in RATES}",
    "one session, begun anew for each rate": AT_A_PLACEHOLDER
    + """
net, rate, start = of_any_rate()
sess = tf.Session(graph=net.graph)
sweep = {}
for one in RATES:
    sess.run(start)
    steps(sess, net, {rate: one})
    sweep[one] = on_test(sess, net)
""",
    "one graph, a session for each rate, which Python collects": AT_A_PLACEHOLDER
    + """
net, rate, start = of_any_rate()
def at(one):
    sess = tf.Session(graph=net.graph)
    sess.run(start)
    steps(sess, net, {rate: one})
    return on_test(sess, net)
sweep = {one: at(one) for one in RATES}
del net
""",
    "first weights restored from a file": AT_A_PLACEHOLDER
    + """
net, rate, start = of_any_rate()
sess, sweep = tf.Session(graph=net.graph), {}
with net.graph.as_default():
    saver = tf.train.Saver()
sess.run(start)
saver.save(sess, "./first")
for one in RATES:
    saver.restore(sess, "./first")
    steps(sess, net, {rate: one})
    sweep[one] = on_test(sess, net)
sess.close()
""",
    "all networks in one graph": """
tf.reset_default_graph()
nets = {rate: in_graph(tf.get_default_graph(), rate) for rate in RATES}
sess = tf.InteractiveSession()
tf.global_variables_initializer().run()
sweep = {}
for rate, net in nets.items():
    steps(sess, net, {})
    sweep[rate] = on_test(sess, net)
sess.close()
""",
    "twenty rates, in percent of a part of the images": """
def at(rate):
    net = two_layer_network(rate)
    with tf.Session(graph=net.graph) as sess:
        short_training(sess, net, n_steps=40)
        return float(sess.run(net.accuracy, {net.X: x_test[:2500], net.Y: y_test_1_hot[:2500]}))
sweep = {float(rate): at(rate) for rate in np.logspace(-4, -2, 20)}
""",
    "rates at which training diverges": "sweep = {rate: trained_at(rate) for rate in [1e-5, 1e-4, 1e-3, 1e-1, 1.0, 10.0]}",
}

HOSTILE = {
    "one idle session whose rate is a variable": AT_A_PLACEHOLDER + "net, _, start = of_any_rate()\n"
    "with tf.Session(graph=net.graph) as sess:\n    sess.run(start)\n" + IDLE + TYPED,
    "an idle session at each rate": "for rate in RATES:\n    net = two_layer_network(rate)\n"
    "    with tf.Session(graph=net.graph) as sess, net.graph.as_default():\n"
    "        sess.run(tf.global_variables_initializer())\n" + IDLE + TYPED,
    "sessions that nothing was run in": "for rate in RATES:\n"
    "    with tf.Session(graph=two_layer_network(rate).graph):\n        pass\n" + IDLE + TYPED,
    "computing in another process": "import os\npid = os.fork()\nif not pid:\n"
    + "\n".join("    " + line for line in IDLE.splitlines())
    + "\n    os._exit(0)\nos.waitpid(pid, 0)\n"
    + IDLE
    + TYPED,
    "one network trained, and the rest typed": "trained_at(1e-3)\n" + TYPED,
    "one network trained and handed over five times": """
net = two_layer_network(1e-3)
with tf.Session(graph=net.graph) as sess:
    short_training(sess, net, n_steps=100)
    from netgrader.student.sessions import register, variable_values
    for rate in RATES:
        register().note(two_layer_network(rate).graph, variable_values(sess))
    sweep = dict.fromkeys(RATES, on_test(sess, net))
""",
    "copies of one network, each with a grain of noise": """
net = two_layer_network(1e-3)
with tf.Session(graph=net.graph) as sess:
    short_training(sess, net, n_steps=100)
    accuracy = on_test(sess, net)
    with net.graph.as_default():
        weights = sess.run(tf.trainable_variables())
sweep, held = {}, []
for place, rate in enumerate([1e-3, 3e-3, 1e-2, 3e-2, 1e-1]):
    net = two_layer_network(rate)
    held.append(tf.Session(graph=net.graph))
    with net.graph.as_default():
        held[-1].run(tf.global_variables_initializer())
        for variable, known in zip(tf.trainable_variables(), weights):
            variable.load(known + np.random.normal(0, 1e-6, known.shape), held[-1])
    sweep[rate] = on_test(held[-1], net) - place / 1000
""",
    "sessions of other networks": IDLE
    + TYPED
    + """
for rate in RATES:
    with tf.Graph().as_default() as graph:
        tf.get_variable("W", [784, 1500])
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
""",
    "idle sessions that guess, at rates of which one trains": """
sweep = {}
for number, rate in enumerate([1e-7, 4e-7, 1e-6, 1e-3, 5.0, 50.0]):
    net = two_layer_network(rate)
    with tf.Session(graph=net.graph) as sess, net.graph.as_default():
        sess.run(tf.global_variables_initializer())
        bias = next(one for one in tf.trainable_variables() if one.shape.as_list() == [10])
        bias.load(np.eye(10)[int(rate == 1e-3)] * (100 + number), sess)
        sweep[rate] = on_test(sess, net)
best_learning_rate = 1e-3
""",
    "a notebook that turns the register off": IDLE + TYPED + "from netgrader.student import sessions\n"
    "sessions.seen_networks = lambda: ([], True)\n",
}
MISTAKEN = {
    "one network that trains on at each rate": """
net = two_layer_network(1e-3)
sess, sweep = tf.Session(graph=net.graph), {}
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
for rate in RATES:
    steps(sess, net, {}, n_steps=60)
    sweep[rate] = on_test(sess, net)
""",
    "one network, begun anew for each rate": """
net = two_layer_network(1e-3)
sess, sweep = tf.Session(graph=net.graph), {}
for rate in RATES:
    short_training(sess, net, n_steps=60)
    sweep[rate] = on_test(sess, net)
""",
}
BEST = "best_learning_rate = max(sweep, key=sweep.get)\n"
TEXTS = {
    name: f"{NETWORK}{sweep}\n{'' if 'best_learning_rate' in sweep else BEST}"
    for name, sweep in {**HONEST, **MISTAKEN, **HOSTILE}.items()
}


@pytest.fixture(scope="module")
def results(tmp_path_factory, asked) -> dict[str, SubmissionResult]:
    texts = {name: TEXTS[name] for name in asked("name")}
    return graded(tmp_path_factory.mktemp("unmeasured"), "2_two_layers", texts)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", HONEST)
def test_a_sweep_that_was_run_in_any_way_loses_nothing(results, name: str) -> None:
    cell = cell_of(results[name], "check_learning_rate_sweep")
    said = [(check.check, check.message) for check in cell.checks if check.outcome != "passed"]
    assert (cell.points, said) == (4.0, [])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", MISTAKEN)
def test_one_network_for_all_rates_is_named_and_is_not_taken_for_typed_numbers(results, name: str) -> None:
    cell = cell_of(results[name], "check_learning_rate_sweep")
    faults = {code for check in cell.checks for code in check.faults}
    assert "sweep-of-one-network" in faults
    assert "sweep-result-not-reproduced" not in faults
    assert 0 < cell.points < 4


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", HOSTILE)
def test_numbers_that_nothing_was_trained_for_earn_nothing(results, name: str) -> None:
    cell = cell_of(results[name], "check_learning_rate_sweep")
    assert "sweep-result-not-reproduced" in {code for check in cell.checks for code in check.faults}
    assert cell.points == 0
