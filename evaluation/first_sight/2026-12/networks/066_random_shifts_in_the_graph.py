import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def shift(images):
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]])
    return tf.random_crop(padded, tf.stack([tf.shape(images)[0], 28, 28, 1]))


def dense(x, units, name, act=None):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], units], initializer=tf.initializers.he_uniform())
        z = tf.matmul(x, w) + tf.get_variable("b", [units], initializer=tf.zeros_initializer())
        return z if act is None else act(z)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        images = tf.reshape(X, [-1, 28, 28, 1])
        images = tf.cond(training, lambda: shift(images), lambda: images)
        h = tf.reshape(images, [-1, 784])
        h = dense(h, 800, "d1", tf.nn.relu)
        h = dense(h, 800, "d2", tf.nn.relu)
        logits = dense(h, 10, "d3")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.polynomial_decay(0.001, step, 14000, 0.0)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={training: True})
