"""Programs as people write them outside this course: few inputs, recurrences, several optimizers, no labels.

Each builds its graph in the default one and returns what `net` would name, or nothing. `RIGHT` are accused of nothing,
`WRONG` of their code and of no other, and nothing is judged of `WITHOUT_LABELS`.
"""

from __future__ import annotations

import tensorflow.compat.v1 as tf

from tests.reader.networks import accuracy_of, adam, cross_entropy, placeholders


def _start(shape, scale=None):
    """Draw Glorot-uniform weights, or normal ones of a standard deviation."""
    return tf.random_normal(shape, stddev=scale) if scale else tf.glorot_uniform_initializer()(shape)


def dense(x, size, activation=tf.identity, scale=None):
    w = tf.Variable(_start([int(x.shape[-1]), size], scale))
    return activation(tf.matmul(x, w) + tf.Variable(tf.zeros([size])))


def points(
    inputs, classes, *, hidden=(64,), activation=tf.nn.relu, loss=cross_entropy, scale=None, measured=accuracy_of
):
    """Points of a few numbers, sorted into classes by a dense network."""

    def build():
        x, y = placeholders(inputs, classes)
        h = x
        for size in hidden:
            h = dense(h, size, activation, scale)
        z = dense(h, classes, scale=scale)
        adam(loss(y, z), 0.01)
        measured(y, z)

    return build


def spirals_by_number():
    """Three arms, a class by its number, a hidden layer of tanh and gradient descent written out."""
    x, y = tf.placeholder(tf.float32, [None, 2], "points"), tf.placeholder(tf.int64, [None], "arm")
    z = dense(dense(x, 100, tf.tanh, 0.5), 3, scale=0.1)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z))
    every = tf.trainable_variables()
    step = tf.group(*[v.assign_sub(0.5 * g) for v, g in zip(every, tf.gradients(loss, every), strict=True)])
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(tf.nn.softmax(z), axis=1), y), tf.float32))
    return {"X": x, "Y": y, "loss": loss, "train_op": step, "accuracy": accuracy}


def _decayed(y, z):
    return cross_entropy(y, z) + 1e-4 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])


def xor_of_two_classes():
    x, y = tf.placeholder(tf.float32, [4, 2]), tf.placeholder(tf.float32, [4, 2])
    p = tf.nn.softmax(dense(dense(x, 8, tf.sigmoid, 1.0), 2, scale=1.0))
    loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(p + 1e-9), axis=1))
    return {"X": x, "Y": y, "loss": loss, "train_op": tf.train.GradientDescentOptimizer(0.5).minimize(loss)}


def checkerboard_of_keras_layers():
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.int32, [None])
    h = tf.keras.layers.Dense(32, activation="relu")(x)
    z = tf.keras.layers.Dense(5)(tf.keras.layers.Dense(32, activation="relu")(h))
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.losses.sparse_softmax_cross_entropy(y, z))


def _by_hand(axis, sign=-1.0):
    def loss(y, z):
        e = tf.exp(z)
        p = e / tf.reduce_sum(e, axis, keepdims=True)
        return sign * tf.reduce_mean(tf.reduce_sum(y * tf.log(tf.clip_by_value(p, 1e-10, 1.0)), 1))

    return loss


def _twice(y, z):
    return cross_entropy(y, tf.nn.softmax(z))


def _over_rows(y, z):
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 0), tf.argmax(y, 0)), tf.float32))


def _labels_over_rows(y, z):
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y)), tf.float32))


def _scores_over_rows(y, z):
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(tf.nn.softmax(z), 0), tf.argmax(y, 1)), tf.float32))


# Recurrences -----------------------------------------------------------------------------------------------------


def _lstm(x, state, size, w, b):
    """One step of a long short-term memory (Hochreiter and Schmidhuber, 1997)."""
    h, c = state
    i, j, f, o = tf.split(tf.concat([x, h], 1) @ w + b, 4, axis=1)
    c = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(j)
    return tf.sigmoid(o) * tf.tanh(c), c


def recurrent(steps=8, inputs=28, size=128, classes=10, *, scale=1.0, cell="lstm", loop=False):
    """Rows of an image one after another, and a last layer of normal weights, as in many tutorials."""

    def build():
        x, y = tf.placeholder(tf.float32, [None, steps, inputs]), tf.placeholder(tf.float32, [None, classes])
        gates = 4 if cell == "lstm" else 1
        w = tf.Variable(_start([inputs + size, gates * size]))
        b = tf.Variable(tf.zeros([gates * size]))
        zero = tf.zeros([tf.shape(x)[0], size])

        def step(row, state):
            if cell == "lstm":
                return _lstm(row, state, size, w, b)
            h = tf.tanh(tf.concat([row, state[0]], 1) @ w + b)
            return h, h

        if loop:
            rows = tf.transpose(x, [1, 0, 2])

            def body(t, h, c):
                return (t + 1, *step(rows[t], (h, c)))

            shape = tf.TensorShape([None, size])
            _, h, _ = tf.while_loop(
                lambda t, *_: t < steps,
                body,
                (0, zero, zero),
                shape_invariants=(tf.TensorShape([]), shape, shape),
            )
            h = tf.reshape(h, [-1, size])
        else:
            state = zero, zero
            for row in tf.unstack(x, steps, 1):
                state = step(row, state)
            h = state[0]
        z = tf.matmul(h, tf.Variable(tf.random_normal([size, classes], stddev=scale)))
        z += tf.Variable(tf.random_normal([classes]))
        tf.train.GradientDescentOptimizer(0.001).minimize(cross_entropy(y, z))
        accuracy_of(y, z)

    return build


def behind_narrow_numbers():
    """Inputs from 0 to 0.05, as of a spectrum that is normalised, and normal weights of deviation 1."""
    x, y = placeholders(400, 6)
    z = dense(x * 0.02, 6, scale=1.0)
    tf.train.AdamOptimizer(0.01).minimize(cross_entropy(y, z))


def behind_a_sigmoid_of_many():
    x, y = placeholders()
    tf.train.AdamOptimizer(0.01).minimize(cross_entropy(y, dense(dense(x, 500, tf.sigmoid), 10, scale=1.0)))


# Several optimizers ----------------------------------------------------------------------------------------------


def two_optimizers(*, named=True, groups="split", together=False):
    """The hidden layers by one optimizer, the last one by another; a loop runs both."""

    def build():
        x, y = placeholders(64, 10)
        h = dense(dense(x, 50, tf.nn.relu), 30, tf.nn.relu)
        z = dense(h, 10)
        loss = cross_entropy(y, z)
        every = tf.trainable_variables()
        first, second = (every[:4], every[4:]) if groups == "split" else (every[::2], every[1::2])
        one = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=first)
        two = tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=second)
        step = tf.group(one, two) if together else one
        return {"X": x, "Y": y, "loss": loss, "train_op": step} if named else None

    return build


def alternating_by_hand():
    """Weights and biases in turn, each by an assignment of its own; the training step names the first."""
    x, y = placeholders(20, 5)
    w1, b1 = tf.Variable(_start([20, 40])), tf.Variable(tf.zeros([40]))
    w2, b2 = tf.Variable(_start([40, 5])), tf.Variable(tf.zeros([5]))
    z = tf.nn.relu(x @ w1 + b1) @ w2 + b2
    loss = cross_entropy(y, z)
    d1, c1, d2, c2 = tf.gradients(loss, [w1, b1, w2, b2])
    later = tf.group(tf.assign_sub(w2, 0.1 * d2), tf.assign_sub(b2, 0.1 * c2))
    first = tf.group(tf.assign_sub(w1, 0.1 * d1), tf.assign_sub(b1, 0.1 * c1))
    return {"X": x, "Y": y, "loss": loss, "train_op": first, "train_last": later}


def head_first_then_all():
    """Fine-tuning: an optimizer for the last layer, and another one, later, for all layers."""
    x, y = placeholders(64, 10)
    z = dense(dense(x, 50, tf.nn.relu), 10)
    loss = cross_entropy(y, z)
    head = tf.train.AdamOptimizer(0.01).minimize(loss, var_list=tf.trainable_variables()[2:])
    tf.train.AdamOptimizer(0.0001).minimize(loss)
    return {"X": x, "Y": y, "loss": loss, "train_op": head}


def a_layer_that_nobody_moves():
    """Two optimizers, and a layer between theirs that neither is given."""
    x, y = placeholders(64, 10)
    z = dense(dense(dense(x, 50, tf.nn.relu), 30, tf.nn.relu), 10)
    loss = cross_entropy(y, z)
    every = tf.trainable_variables()
    one = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=every[:2])
    two = tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=every[4:])
    return {"X": x, "Y": y, "loss": loss, "train_op": tf.group(one, two)}


# No labels -------------------------------------------------------------------------------------------------------


def autoencoder(*, activation=tf.nn.sigmoid, noise=0.0, loss="squares", optimizer=None, inputs=784):
    def build():
        x = tf.placeholder(tf.float32, [None, inputs])
        fed = x + noise * tf.random_normal(tf.shape(x)) if noise else x
        code = dense(dense(fed, 128, tf.nn.relu), 32, tf.nn.relu)
        z = dense(dense(code, 128, tf.nn.relu), inputs)
        if loss == "squares":
            value = tf.reduce_mean(tf.square(x - activation(z)))
        else:
            value = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=z))
        (optimizer or tf.train.AdamOptimizer(0.001)).minimize(value)

    return build


def tied_autoencoder():
    x = tf.placeholder(tf.float32, [None, 784])
    w, b, c = tf.Variable(_start([784, 100])), tf.Variable(tf.zeros([100])), tf.Variable(tf.zeros([784]))
    back = tf.sigmoid(tf.matmul(tf.sigmoid(x @ w + b), w, transpose_b=True) + c)
    loss = -tf.reduce_mean(tf.reduce_sum(x * tf.log(back + 1e-9) + (1 - x) * tf.log(1 - back + 1e-9), 1))
    step = tf.train.RMSPropOptimizer(0.001).minimize(loss)
    return {"X": x, "Y": x, "loss": loss, "train_op": step, "prediction": back}


def denoising_with_two_placeholders():
    """What is fed with noise, and what it was before: a target as wide as the input."""
    noised, clean = placeholders(100, 100)
    z = dense(dense(noised, 40, tf.nn.relu), 100)
    tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(tf.squared_difference(z, clean)))


def variational_autoencoder():
    x = tf.placeholder(tf.float32, [None, 784])
    h = dense(x, 200, tf.nn.relu)
    mean, log_variance = dense(h, 2), dense(h, 2)
    code = mean + tf.exp(log_variance / 2) * tf.random_normal(tf.shape(mean))
    z = dense(dense(code, 200, tf.nn.relu), 784)
    fit = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=z), 1)
    spread = -0.5 * tf.reduce_sum(1 + log_variance - tf.square(mean) - tf.exp(log_variance), 1)
    tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(fit + spread))


def generator_and_discriminator():
    """Two networks that train against each other (Goodfellow et al., 2014)."""
    x, noise = placeholders(784, 100)
    maker = [tf.Variable(_start(shape)) for shape in ([100, 128], [128, 784])]
    critic = [tf.Variable(_start(shape)) for shape in ([784, 128], [128, 1])]
    made = tf.sigmoid(tf.nn.relu(noise @ maker[0]) @ maker[1])
    real, fake = (tf.nn.relu(seen @ critic[0]) @ critic[1] for seen in (x, made))

    def loss(z, right):
        wanted = tf.ones_like(z) if right else tf.zeros_like(z)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=z))

    of_critic, of_maker = loss(real, True) + loss(fake, False), loss(fake, True)
    tf.train.AdamOptimizer().minimize(of_critic, var_list=critic)
    tf.train.AdamOptimizer().minimize(of_maker, var_list=maker)


def restricted_boltzmann_machine():
    """Contrastive divergence in one step (Hinton, 2002): no loss at all, and assignments."""
    v = tf.placeholder(tf.float32, [None, 784])
    w, a, b = (
        tf.Variable(tf.random_normal([784, 64], stddev=0.01)),
        tf.Variable(tf.zeros([784])),
        tf.Variable(tf.zeros([64])),
    )
    h = tf.sigmoid(v @ w + b)
    again = tf.sigmoid(tf.matmul(h, w, transpose_b=True) + a)
    h2 = tf.sigmoid(again @ w + b)
    moved = tf.matmul(v, h, transpose_a=True) - tf.matmul(again, h2, transpose_a=True)
    rows = tf.cast(tf.shape(v)[0], tf.float32)
    tf.group(tf.assign_add(w, 0.1 * moved / rows), tf.assign_add(b, 0.1 * tf.reduce_mean(h - h2, 0)))


def clusters():
    """Centres that are moved to the mean of their points."""
    x = tf.placeholder(tf.float32, [None, 2])
    centres = tf.Variable(tf.random_normal([5, 2]))
    apart = tf.reduce_sum(tf.square(x[:, None] - centres[None]), 2)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.reduce_min(apart, 1)))


def rate_of_policy():
    """A policy's gradient: actions that were taken, and what they were worth."""
    seen = tf.placeholder(tf.float32, [None, 4])
    taken, worth = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.float32, [None])
    z = dense(dense(seen, 16, tf.nn.relu), 2)
    log_p = -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=taken, logits=z)
    tf.train.AdamOptimizer(0.01).minimize(-tf.reduce_mean(log_p * worth))


def words_by_their_neighbours():
    """Skip-gram with noise-contrastive estimation (Mikolov et al., 2013)."""
    word, beside = tf.placeholder(tf.int32, [64]), tf.placeholder(tf.int32, [64, 1])
    embedded = tf.nn.embedding_lookup(tf.Variable(tf.random_uniform([500, 32], -1.0, 1.0)), word)
    w = tf.Variable(tf.truncated_normal([500, 32], stddev=32**-0.5))
    b = tf.Variable(tf.zeros([500]))
    loss = tf.nn.nce_loss(weights=w, biases=b, labels=beside, inputs=embedded, num_sampled=16, num_classes=500)
    tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_mean(loss))


def words_with_a_plain_softmax():
    word, beside = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None])
    embedded = tf.nn.embedding_lookup(tf.Variable(tf.random_uniform([50, 8], -1.0, 1.0)), word)
    z = tf.matmul(embedded, tf.Variable(tf.random_normal([8, 50])))
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=beside, logits=z)
    tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(loss))


RIGHT = {
    "spiral, 2 to 3": points(2, 3),
    "spiral, 2 to 10, two layers of tanh": points(2, 10, hidden=(50, 50), activation=tf.tanh),
    "spiral, 2 to 5, by hand": points(2, 5, loss=_by_hand(1)),
    "spiral by number": spirals_by_number,
    "points, 2 to 4, one layer": points(2, 4, hidden=()),
    "points, 3 to 7, sigmoid": points(3, 7, activation=tf.sigmoid),
    "points, 1 to 3": points(1, 3, hidden=(20,)),
    "points, 2 to 3, normal weights": points(2, 3, hidden=(30,), scale=1.0),
    "iris": points(4, 3, hidden=(10,)),
    "iris with weight decay": points(4, 3, hidden=(10, 10), loss=_decayed),
    "XOR": xor_of_two_classes,
    "XOR, ReLU": points(2, 2, hidden=(8,)),
    "checkerboard of Keras layers": checkerboard_of_keras_layers,
    "LSTM, unrolled": recurrent(),
    "LSTM, in a loop": recurrent(loop=True),
    "LSTM, 256 units": recurrent(steps=6, size=256),
    "RNN of few inputs": recurrent(steps=5, inputs=4, size=128, classes=3, cell="tanh"),
    "narrow numbers": behind_narrow_numbers,
    "two optimizers, one named": two_optimizers(),
    "two optimizers, none named": two_optimizers(named=False),
    "two optimizers, weights and biases": two_optimizers(groups="alternate"),
    "two optimizers in a group": two_optimizers(together=True),
    "assignments in turn": alternating_by_hand,
    "last layer first": head_first_then_all,
    "denoising with two placeholders": denoising_with_two_placeholders,
    "words by a plain softmax": words_with_a_plain_softmax,
    "policy": rate_of_policy,
}

WRONG = {
    "spiral, 2 to 3, sign": (points(2, 3, loss=_by_hand(1, 1.0)), "maximises-loss"),
    "spiral, 2 to 10, sign": (points(2, 10, loss=lambda y, z: -cross_entropy(y, z)), "maximises-loss"),
    "spiral, 2 to 4, no activation": (points(2, 4, activation=tf.identity), "linear-layers"),
    "XOR, no activation": (points(2, 2, activation=tf.identity), "linear-layers"),
    "spiral, 2 to 6, softmax twice": (points(2, 6, loss=_twice), "softmax-before-loss"),
    "XOR, softmax twice": (points(2, 2, loss=_twice), "softmax-before-loss"),
    "spiral, 2 to 5, over rows": (points(2, 5, loss=_by_hand(0)), "loss-over-wrong-axis"),
    "iris, over rows": (points(4, 3, loss=_by_hand(0)), "loss-over-wrong-axis"),
    "spiral, 2 to 3, accuracy over rows": (points(2, 3, measured=_over_rows), "accuracy-over-wrong-axis"),
    "spiral, 2 to 6, labels over rows": (points(2, 6, measured=_labels_over_rows), "accuracy-over-wrong-axis"),
    "iris, probabilities over rows": (points(4, 3, measured=_scores_over_rows), "accuracy-over-wrong-axis"),
    "spiral, 2 to 8, huge": (points(2, 8, hidden=(200, 200), scale=10.0), "huge-initialisation"),
    "sigmoids of many, normal weights": (behind_a_sigmoid_of_many, "huge-initialisation"),
    "LSTM, huge": (recurrent(scale=20.0), "huge-initialisation"),
    "a layer that neither optimizer is given": (a_layer_that_nobody_moves, "layers-not-trained"),
}

WITHOUT_LABELS = {
    "autoencoder": autoencoder(),
    "autoencoder of bits": autoencoder(loss="bits", optimizer=tf.train.GradientDescentOptimizer(0.1)),
    "autoencoder, linear at last": autoencoder(activation=tf.identity, inputs=20),
    "autoencoder, noised": autoencoder(noise=0.3),
    "autoencoder, weights tied": tied_autoencoder,
    "variational autoencoder": variational_autoencoder,
    "generator and discriminator": generator_and_discriminator,
    "Boltzmann machine": restricted_boltzmann_machine,
}

#: Of these no loss is found, and nothing is accused.
WITHOUT_LOSS = {"words by their neighbours": words_by_their_neighbours, "clusters": clusters}
