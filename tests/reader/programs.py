"""Two-layer and one-layer networks as students write them, each in a spelling of its own, with places for faults.

A program takes a `Twist`, whose methods leave a right program as it is; a fault replaces one of them. `hidden` is the
width of the hidden layer, or None for the network of one layer.
"""

from __future__ import annotations

from types import SimpleNamespace

import tensorflow.compat.v1 as tf


class Twist:
    """What a program does at the places where students go wrong."""

    hidden = 300
    rate = 0.001
    bias = True

    def __init__(self, **changes):
        for name, change in changes.items():
            setattr(self, name, change)

    def images(self, x):
        return x

    def labels(self, y):
        return y

    def active(self, value, function):
        return function(value)

    def scores(self, z):
        return z

    def loss(self, y, z, loss):
        return loss

    def objective(self, loss):
        return loss

    def optimizer(self, cls, rate):
        return cls(rate)

    def variables(self, every):
        return every

    def initial(self, initializer):
        return initializer


def net(**parts):
    return SimpleNamespace(graph=tf.get_default_graph(), **parts)


def glorot():
    return tf.glorot_uniform_initializer(seed=3)


def plain(t):
    """As in the course's text."""
    X = tf.placeholder(tf.float32, [None, 784], name="X")
    Y = tf.placeholder(tf.float32, [None, 10], name="Y")

    def layer(x, n, name):
        with tf.variable_scope(name):
            W = tf.get_variable("W", [x.shape[1], n], initializer=t.initial(glorot()))
            h = tf.matmul(x, W)
            if t.bias:
                h = tf.nn.bias_add(h, tf.get_variable("b", [n], initializer=tf.zeros_initializer()))
        return h

    h = t.images(X)
    if t.hidden:
        h = t.active(layer(h, t.hidden, "fc1"), tf.nn.relu)
    logits = t.scores(layer(h, 10, "fc2"))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=t.labels(Y), logits=logits))
    loss = t.loss(Y, logits, loss)
    every = t.variables(tf.trainable_variables())
    train_op = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(t.objective(loss), var_list=every)
    prediction = tf.nn.softmax(logits)
    match = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
    accuracy = tf.reduce_mean(tf.cast(match, tf.float32))
    return net(X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)


def log_by_hand(t):
    """Cross-entropy from its formula, clipped; resource variables; ReLU as a maximum."""
    x = tf.placeholder("float", shape=(None, 784))
    y_ = tf.placeholder("float", shape=(None, 10))
    with tf.variable_scope("", use_resource=True):
        last, size = t.images(x), 784
        if t.hidden:
            w1 = tf.Variable(t.initial(glorot())([784, t.hidden]), use_resource=True)
            last = last @ w1
            if t.bias:
                last = last + tf.Variable(tf.zeros(t.hidden), use_resource=True)
            last, size = t.active(last, lambda v: tf.maximum(v, 0.0)), t.hidden
        w2 = tf.Variable(t.initial(glorot())([size, 10]), use_resource=True)
        z = last @ w2
        if t.bias:
            z = z + tf.Variable(tf.zeros([1, 10]), use_resource=True)
    z = t.scores(z)
    p = tf.nn.softmax(z)
    cross = -tf.reduce_sum(t.labels(y_) * tf.log(tf.clip_by_value(p, 1e-10, 1.0)), axis=1)
    loss = t.loss(y_, z, tf.reduce_mean(cross))
    opt = t.optimizer(tf.train.AdamOptimizer, t.rate)
    step = opt.apply_gradients(opt.compute_gradients(t.objective(loss), t.variables(tf.trainable_variables())))
    correct = tf.equal(tf.argmax(p, axis=-1), tf.argmax(y_, axis=-1))
    acc = tf.reduce_mean(tf.cast(correct, "float"))
    return net(X=x, Y=y_, logits=z, prediction=p, loss=loss, train_op=step, accuracy=acc)


def sparse_inside(t):
    """Sparse cross-entropy on the argmax of the one-hot labels; the loss summed; no names."""
    images = tf.placeholder(tf.float32, None)
    onehot = tf.placeholder(tf.float32, None)
    flat = t.images(tf.reshape(images, [-1, 784]))
    sizes = [784, t.hidden, 10] if t.hidden else [784, 10]
    for depth, (n, m) in enumerate(zip(sizes, sizes[1:], strict=False)):
        W = tf.Variable(t.initial(glorot())((n, m)))
        flat = tf.tensordot(flat, W, 1)
        if t.bias:
            flat += tf.Variable(tf.zeros((m,)))
        if depth + 2 < len(sizes):
            flat = t.active(flat, lambda v: (v + tf.abs(v)) / 2)
    flat = t.scores(flat)
    ids = tf.argmax(t.labels(onehot), 1)
    loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=flat))
    loss = t.loss(onehot, flat, loss)
    train = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(
        t.objective(loss), var_list=t.variables(tf.trainable_variables())
    )
    guess = tf.argmax(flat, 1)
    acc = tf.reduce_mean(tf.to_float(tf.equal(guess, tf.argmax(onehot, 1))))
    return net(X=images, Y=onehot, logits=flat, prediction=guess, loss=loss, train_op=train, accuracy=acc)


def columns(t):
    """Feature-major: W·x with images as columns, turned inside the graph; log-softmax by log-sum-exp."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    a, n = tf.transpose(t.images(X)), 784
    if t.hidden:
        W1 = tf.get_variable("A", [t.hidden, n], initializer=t.initial(glorot()))
        a = tf.matmul(W1, a)
        if t.bias:
            a = a + tf.get_variable("a0", [t.hidden, 1], initializer=tf.zeros_initializer())
        a, n = t.active(a, tf.nn.relu), t.hidden
    W2 = tf.get_variable("B", [10, n], initializer=t.initial(glorot()))
    scores = tf.matmul(W2, a)
    if t.bias:
        scores = scores + tf.get_variable("b0", [10, 1], initializer=tf.zeros_initializer())
    logits = t.scores(tf.transpose(scores))
    logp = logits - tf.reduce_logsumexp(logits, axis=1, keepdims=True)
    loss = t.loss(Y, logits, -tf.reduce_mean(tf.reduce_sum(t.labels(Y) * logp, 1)))
    step = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(
        t.objective(loss), var_list=t.variables(tf.trainable_variables())
    )
    hit = tf.nn.in_top_k(logits, tf.argmax(Y, 1), 1)
    return net(
        X=X,
        Y=Y,
        logits=logits,
        prediction=tf.exp(logp),
        loss=loss,
        train_op=step,
        accuracy=tf.reduce_mean(tf.cast(hit, tf.float32)),
    )


def keras_layers(t):
    """Keras layers inside the graph, Keras's loss on logits, square images."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    K = tf.keras
    h = K.layers.Flatten()(tf.reshape(t.images(X), [-1, 28, 28]))
    if t.hidden:
        h = t.active(K.layers.Dense(t.hidden, use_bias=t.bias)(h), tf.nn.relu)
    z = t.scores(K.layers.Dense(10, use_bias=t.bias)(h))
    loss = t.loss(Y, z, tf.reduce_mean(K.losses.categorical_crossentropy(t.labels(Y), z, from_logits=True)))
    every = t.variables(tf.global_variables())
    opt = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(t.objective(loss), var_list=every)
    pred = tf.argmax(z, -1)
    acc = tf.reduce_mean(tf.cast(tf.equal(pred, tf.argmax(Y, -1)), tf.float32))
    return net(X=X, Y=Y, logits=z, prediction=pred, loss=loss, train_op=opt, accuracy=acc)


def einsum_double(t):
    """Double precision inside, einsum, an unreduced loss."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    x = tf.cast(t.images(X), tf.float64)
    init = t.initial(glorot())
    if t.hidden:
        u = tf.get_variable("u", [784, t.hidden], tf.float64, init)
        x = tf.einsum("bi,ij->bj", x, u)
        if t.bias:
            x = x + tf.get_variable("ub", [t.hidden], tf.float64, tf.zeros_initializer())
        x = t.active(x, lambda v: tf.where(v > 0, v, tf.zeros_like(v)))
    v = tf.get_variable("v", [x.shape[1], 10], tf.float64, init)
    x = tf.einsum("bi,ij->bj", x, v)
    if t.bias:
        x = x + tf.get_variable("vb", [10], tf.float64, tf.zeros_initializer())
    z = t.scores(x)
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.cast(t.labels(Y), tf.float64), logits=z)
    loss = t.loss(tf.cast(Y, tf.float64), z, loss)
    step = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(
        t.objective(loss), var_list=t.variables(tf.trainable_variables())
    )
    p = tf.nn.softmax(z)
    acc = 1 - tf.count_nonzero(tf.argmax(p, 1) - tf.argmax(Y, 1)) / tf.size(Y, out_type=tf.int64) * 10
    return net(X=X, Y=Y, logits=z, prediction=p, loss=loss, train_op=step, accuracy=acc)


def packed(t):
    """All weights in one long variable, cut and shaped; softmax by hand."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    sizes = [784, t.hidden, 10] if t.hidden else [784, 10]
    import numpy as np

    rng = np.random.RandomState(0)
    parts = []
    for n, m in zip(sizes, sizes[1:], strict=False):
        r = np.sqrt(6 / (n + m))
        parts += [rng.uniform(-r, r, n * m), np.zeros(m)]
    theta = tf.Variable(np.concatenate(parts).astype(np.float32), name="theta")
    a, at = t.images(X), 0
    for i, (n, m) in enumerate(zip(sizes, sizes[1:], strict=False)):
        W = tf.reshape(theta[at : at + n * m], [n, m])
        at += n * m
        a = tf.matmul(a, W)
        if t.bias:
            a = a + theta[at : at + m]
        at += m
        if i + 2 < len(sizes):
            a = t.active(a, tf.nn.relu)
    a = t.scores(a)
    e = tf.exp(a - tf.reduce_max(a, 1, keepdims=True))
    p = e / tf.reduce_sum(e, 1, keepdims=True)
    loss = t.loss(Y, a, tf.reduce_mean(-tf.log(tf.reduce_sum(t.labels(Y) * p, 1) + 1e-9)))
    step = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(t.objective(loss))
    acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return net(X=X, Y=Y, logits=a, prediction=p, loss=loss, train_op=step, accuracy=acc)


def adam_by_hand(t):
    """Adam written out with assign."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    a, n, every = t.images(X), 784, []
    for i, m in enumerate([t.hidden, 10] if t.hidden else [10]):
        W = tf.Variable(t.initial(glorot())([n, m]))
        b = tf.Variable(tf.zeros([m]))
        every += [W, b] if t.bias else [W]
        a = tf.nn.xw_plus_b(a, W, b) if t.bias else tf.matmul(a, W)
        if m != 10:
            a = t.active(a, tf.nn.relu)
        n = m
    a = t.scores(a)
    loss = t.loss(Y, a, tf.losses.softmax_cross_entropy(t.labels(Y), a))
    count = tf.Variable(0.0, trainable=False)
    every = t.variables(every)
    slots = [
        (tf.Variable(tf.zeros_like(v), trainable=False), tf.Variable(tf.zeros_like(v), trainable=False)) for v in every
    ]
    new = tf.assign_add(count, 1.0)
    updates = []
    with tf.control_dependencies([new]):
        for v, g, (m_, s_) in zip(every, tf.gradients(t.objective(loss), every), slots, strict=True):
            m1 = tf.assign(m_, 0.9 * m_ + 0.1 * g)
            s1 = tf.assign(s_, 0.999 * s_ + 0.001 * g * g)
            rate = t.rate * tf.sqrt(1 - 0.999**new) / (1 - 0.9**new)
            updates.append(tf.assign_sub(v, rate * m1 / (tf.sqrt(s1) + 1e-8)))
    step = tf.group(*updates)
    p = tf.nn.softmax(a)
    acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(a, 1), tf.argmax(Y, 1)), tf.float32))
    return net(X=X, Y=Y, logits=a, prediction=p, loss=loss, train_op=step, accuracy=acc)


def scoped_class(t):
    """A class with lambdas, PReLU-like spelling of ReLU, weight decay, clipping, a rate that decays."""

    class Net:
        pass

    self = Net()
    self.graph = tf.get_default_graph()
    with tf.name_scope("input"):
        self.X = tf.placeholder(tf.float32, [None, 784], "accuracy")  # a name that lies
        self.Y = tf.placeholder(tf.float32, [None, 10], "logits")
    weights = []

    def dense(x, units):
        W = tf.get_variable(f"loss_{len(weights)}", [int(x.shape[-1]), units], initializer=t.initial(glorot()))
        weights.append(W)
        y = tf.matmul(x, W)
        return (
            y + tf.get_variable(f"adam_{len(weights)}", [units], initializer=tf.constant_initializer(0))
            if t.bias
            else y
        )

    x = t.images(self.X)
    if t.hidden:
        x = t.active(dense(x, t.hidden), lambda v: v * tf.cast(v > 0, tf.float32))
    self.logits = t.scores(dense(x, 10))
    ce = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=t.labels(self.Y), logits=self.logits))
    self.loss = t.loss(self.Y, self.logits, ce) + 1e-4 * tf.add_n([tf.nn.l2_loss(w) for w in weights])
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(t.rate, step, 1000, 0.96)
    opt = t.optimizer(tf.train.AdamOptimizer, rate)
    grads, every = zip(
        *opt.compute_gradients(t.objective(self.loss), t.variables(tf.trainable_variables())), strict=True
    )
    grads, _ = tf.clip_by_global_norm(grads, 5.0)
    self.train_op = opt.apply_gradients(zip(grads, every, strict=True), global_step=step)
    self.prediction = tf.argmax(self.logits, 1)
    good = tf.equal(self.prediction, tf.argmax(self.Y, 1))
    self.accuracy = tf.reduce_mean(tf.where(good, tf.ones_like(good, tf.float32), tf.zeros_like(good, tf.float32)))
    tf.summary.scalar("loss", self.loss)
    tf.summary.histogram("w", weights[0])
    self.merged = tf.summary.merge_all()
    self.saver = tf.train.Saver()
    return self


def multiplied_out(t):
    """A product by broadcasting and summing; a column of ones for the bias."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    h = t.images(X)
    n = 784
    for m in [t.hidden, 10] if t.hidden else [10]:
        if t.bias:
            h = tf.concat([h, tf.ones([tf.shape(h)[0], 1])], 1)
            W = tf.Variable(tf.concat([t.initial(glorot())([n, m]), tf.zeros([1, m])], 0))
        else:
            W = tf.Variable(t.initial(glorot())([n, m]))
        h = tf.matmul(h, W) if m != 10 else tf.reduce_sum(h[:, :, None] * W[None], 1)
        if m != 10:
            h = t.active(h, tf.nn.relu)
        n = m
    h = t.scores(h)
    loss = t.loss(Y, h, tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(t.labels(Y), h)))
    step = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(
        t.objective(loss), var_list=t.variables(tf.trainable_variables())
    )
    p = tf.nn.softmax(h)
    acc = tf.metrics.accuracy(tf.argmax(Y, 1), tf.argmax(h, 1))[1]
    return net(X=X, Y=Y, logits=h, prediction=p, loss=loss, train_op=step, accuracy=acc)


def images_inside(t):
    """Square images made and standardised in the graph; labels made one-hot; dropout that evaluation turns off."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.int64, [None])
    keep = tf.placeholder_with_default(1.0, [])
    pictures = tf.reshape(t.images(X), (-1, 28, 28, 1))
    x = tf.reshape(pictures, (-1, 28 * 28))
    x = (x - 0.1307) / 0.3081
    y = tf.one_hot(Y, 10)
    if t.hidden:
        W = tf.get_variable("W1", [784, t.hidden], initializer=t.initial(glorot()))
        x = tf.matmul(x, W)
        if t.bias:
            x = x + tf.get_variable("b1", [t.hidden], initializer=tf.zeros_initializer())
        x = tf.nn.dropout(t.active(x, tf.nn.relu), keep_prob=keep)
    W = tf.get_variable("W2", [x.shape[1], 10], initializer=t.initial(glorot()))
    x = tf.matmul(x, W)
    if t.bias:
        x = tf.add(tf.get_variable("b2", [10], initializer=tf.zeros_initializer()), x)
    z = t.scores(x)
    loss = t.loss(
        y, z, tf.losses.softmax_cross_entropy(onehot_labels=t.labels(y), logits=z, reduction=tf.losses.Reduction.SUM)
    )
    step = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(
        t.objective(loss), var_list=t.variables(tf.trainable_variables())
    )
    acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), Y), tf.float32))
    return net(
        X=X, Y=Y, logits=z, prediction=tf.nn.softmax(z), loss=loss, train_op=step, accuracy=acc, eval_feed={keep: 1.0}
    )


def conv_as_dense(t):
    """Dense layers as convolutions over the whole image, squeezed."""
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    h = tf.reshape(t.images(X), [-1, 28, 28, 1])
    k, n = 28, 1
    for m in [t.hidden, 10] if t.hidden else [10]:
        r = (6 / (k * k * n + m)) ** 0.5
        F = tf.Variable(t.initial(tf.random_uniform_initializer(-r, r))([k, k, n, m]))
        h = tf.nn.conv2d(h, F, [1, 1, 1, 1], "VALID")
        if t.bias:
            h = tf.nn.bias_add(h, tf.Variable(tf.zeros([m])))
        if m != 10:
            h = t.active(h, tf.nn.relu)
        k, n = 1, m
    z = t.scores(tf.squeeze(h, [1, 2]))
    loss = t.loss(Y, z, tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=t.labels(Y), logits=z)))
    step = t.optimizer(tf.train.AdamOptimizer, t.rate).minimize(
        t.objective(loss), var_list=t.variables(tf.trainable_variables())
    )
    p = tf.nn.softmax(z, name="x")
    acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return net(X=X, Y=Y, logits=z, prediction=p, loss=loss, train_op=step, accuracy=acc)


PROGRAMS = [
    plain,
    log_by_hand,
    sparse_inside,
    columns,
    keras_layers,
    einsum_double,
    packed,
    adam_by_hand,
    scoped_class,
    multiplied_out,
    images_inside,
    conv_as_dense,
]
