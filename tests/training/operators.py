"""Mistakes that fit any right training loop: a loop and an operator make a wrong loop.

The loop's text stays unchanged. Its `train` is called with arguments, arrays and a session that contain the mistake: in what
is fed, evaluated or returned. So each operator fits each loop, and the effect is that of a student's mistake in that loop.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.programs import programs
from tests.training.mutants import STYLES, loop

# Patches the session that the loop is given: `steps` changes what a train step is fed, `looks` what else is run.
WRAPPER = """
{source}

right_train = train


def train(sess, net, n_epochs, mini_batch_size=64):
    global x_train, y_train_1_hot, x_test, y_test_1_hot
    given, plain_run = sess, sess.run
    state = {{"step": 0, "epoch": 0, "fed": 0, "new": True, "kept": {{}}}}

    def members(fetches):
        if isinstance(fetches, dict):
            return list(fetches.values())
        return list(fetches) if isinstance(fetches, (list, tuple)) else [fetches]

    def is_step(fetches):
        return any(one is net.train_op or one == net.train_op.name for one in members(fetches))

    def exchanged(fetches, other):
        if isinstance(fetches, dict):
            return {{key: exchanged(value, other) for key, value in fetches.items()}}
        if isinstance(fetches, (list, tuple)):
            return type(fetches)(exchanged(value, other) for value in fetches)
        return other if is_step(fetches) else fetches

    def key_of(feed, tensor):
        return tensor if tensor in feed else tensor.name

    def run(fetches, feed_dict=None, **others):
        feed = dict(feed_dict or {{}})
        fed = any(key is net.X or key == net.X.name for key in feed)
        if is_step(fetches) and fed:
            if state["new"]:
                state.update(step=0, fed=0, epoch=state["epoch"] + 1, new=False)
            x, y = np.array(feed[key_of(feed, net.X)]), np.array(feed[key_of(feed, net.Y)])
            state["fed"] += len(x)
            {step}
            state["step"] += 1
            return plain_run(fetches, {{**feed, key_of(feed, net.X): x, key_of(feed, net.Y): y}}, **others)
        if fed and state["fed"] > 0.9 * len(x_train):
            state["new"] = True
        {look}
        return plain_run(fetches, feed_dict, **others)

    sess.run = run
    {before}
    try:
        result = right_train(sess, net, n_epochs, mini_batch_size)
    finally:
        given.__dict__.pop("run", None)
    {after}
    return result
"""


@dataclass(frozen=True)
class Operator:
    """A mistake: its code, whether it is only remarked on, and pieces of Python for `WRAPPER`."""

    code: str
    step: str = "pass"
    look: str = "pass"
    before: str = "pass"
    after: str = "pass"
    variant: str = ""
    remark: bool = False

    @property
    def name(self) -> str:
        return "-".join(filter(None, [self.code, self.variant]))

    def applied_to(self, source: str) -> str:
        return WRAPPER.format(source=source, step=self.step, look=self.look, before=self.before, after=self.after)


INITIALISE = 'plain_run([v.initializer for v in net.graph.get_collection("variables")])'
FRESH = """if fed:
            with tf.Session(graph=net.graph) as other:
                other.run([v.initializer for v in net.graph.get_collection("variables")])
                return other.run(fetches, feed_dict, **others)"""

OPERATORS = (
    Operator("train-op-not-run", step="return plain_run(exchanged(fetches, net.loss), feed_dict, **others)"),
    Operator(
        "train-op-not-run",
        variant="own-optimizer",
        before="with net.graph.as_default(): own = tf.train.GradientDescentOptimizer(0.05).minimize(net.loss)",
        step="return plain_run(exchanged(fetches, own), feed_dict, **others)",
    ),
    Operator("reinitialised-each-epoch", step=f"state['step'] or {INITIALISE}"),
    Operator("evaluated-in-fresh-session", look=FRESH),
    Operator("another-session", before="sess = tf.Session(graph=net.graph); plain_run = sess.run; sess.run = run"),
    Operator("graph-grows", step="with net.graph.as_default(): tf.constant(1.0)"),
    Operator("same-batch-always", step="x, y = state['kept'].setdefault('batch', (x, y))"),
    Operator(
        "same-batch-always",
        variant="by-epoch",
        step="x, y = state['kept'].setdefault(('batch', state['epoch']), (x, y))",
    ),
    Operator(
        "part-of-data-only",
        step="if (state['step'] + 1) * mini_batch_size > len(x_train) // 3:\n"
        "                return plain_run(exchanged(fetches, net.loss), feed_dict, **others)",
    ),
    Operator("no-minibatches", before="mini_batch_size = len(x_train)"),
    Operator("no-shuffling", step="x, y = state['kept'].setdefault(('step', state['step']), (x, y))"),
    Operator(
        "no-shuffling",
        variant="backwards",
        before="file = x_train.copy(), y_train_1_hot.copy()",
        step="at = state['kept'].get(state['epoch'], 0); state['kept'][state['epoch']] = at + len(x); "
        "order = np.arange(len(x_train))[:: -1 if state['epoch'] % 2 else 1][at : at + len(x)]; "
        "x, y = file[0][order], file[1][order]",
    ),
    Operator(
        "sorted-data",
        step="at = state['kept'].get(state['epoch'], 0); state['kept'][state['epoch']] = at + len(x); "
        "order = np.argsort(y_train_1_hot.argmax(1), kind='stable')[at : at + len(x)]; "
        "x, y = x_train[order], y_train_1_hot[order]",
    ),
    Operator("wrong-slice", variant="gap", step="x, y = x[:-2], y[:-2]"),
    Operator(
        "wrong-slice",
        variant="overlap",
        step="before = state['kept'].get('last', (x[:0], y[:0])); state['kept']['last'] = (x[-20:], y[-20:]); "
        "x, y = np.concatenate([before[0], x]), np.concatenate([before[1], y])",
    ),
    Operator(
        "wrong-slice",
        variant="overlap-by-one",
        step="before = state['kept'].get('last', (x[:0], y[:0])); state['kept']['last'] = (x[-1:], y[-1:]); "
        "x, y = np.concatenate([before[0], x]), np.concatenate([before[1], y])",
    ),
    Operator("batch-size-ignored", before="mini_batch_size = 25"),
    Operator("too-few-epochs", before="n_epochs = n_epochs - 1"),
    Operator("too-many-epochs", before="n_epochs = n_epochs + 2"),
    Operator("labels-shuffled-apart", step="y = y[np.random.permutation(len(y))]"),
    Operator("labels-shifted", step="y = np.roll(y, -1, axis=0)"),
    Operator("labels-off-by-one", step="y = np.roll(y, 1, axis=1)"),
    Operator("labels-not-one-hot", step="y = 0 * y + 0.1"),
    Operator("labels-not-one-hot", variant="inverted", step="y = 1 - y"),
    Operator(
        "not-scaled",
        before="x_train, x_test = 255 * x_train, 255 * x_test",
    ),
    Operator("scaled-twice", before="x_train, x_test = x_train / 255, x_test / 255"),
    Operator("scaled-on-one-side", before="x_train = x_train / 255"),
    Operator("unknown-rows", step="x = np.random.rand(*x.shape)"),
    Operator(
        "trained-on-test",
        step="if state['step'] % 4 == 3: plain_run(net.train_op, {net.X: x_test[:64], net.Y: y_test_1_hot[:64]})",
    ),
    Operator("evaluated-on-part", before="x_test, y_test_1_hot = x_test[:100], y_test_1_hot[:100]"),
    Operator("reports-train-accuracy", after="result = (result[0], result[0])"),
    Operator(
        "reports-train-accuracy",
        variant="head",
        before="x_test, y_test_1_hot = x_train[:500], y_train_1_hot[:500]",
    ),
    Operator("reported-accuracy-wrong", after="result = (result[0], [float(value) + 0.03 for value in result[1]])"),
    Operator("accuracy-not-mean", after="result = tuple([100 * float(v) for v in values] for values in result)"),
    Operator("wrong-return", after="result = list(result[1])[-1]"),
    Operator("error-in-code", after="raise ValueError('at the end')"),
    Operator(
        "sampled-with-replacement",
        remark=True,
        step="rows = np.random.randint(0, len(x_train), len(x)); x, y = x_train[rows], y_train_1_hot[rows]",
    ),
    Operator("session-closed", remark=True, after="sess.close()"),
)

# Loops that do not take steps through ``sess.run`` alone, so that the wrapper does not see them; and one whose rows are
# at another scale than the arrays that some operators take theirs from, which would be a second mistake.
UNSEEN = {"make_callable", "partial_run", "threaded", "standardised_pixels"}
RIGHT = {style: loop(style) for style in STYLES if style not in UNSEEN} | {
    name: one.source for name, one in programs("loops/students").items() if name not in UNSEEN and not one.remarks
}
