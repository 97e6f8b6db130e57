import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def prelu(x, name):
    alpha = tf.get_variable(name, [x.shape[-1]], initializer=tf.constant_initializer(0.25))
    return tf.nn.relu(x) - alpha * tf.nn.relu(-x)


def linear(x, n, name):
    w = tf.get_variable(name + "_w", [x.shape[-1], n], initializer=tf.initializers.he_uniform())
    b = tf.get_variable(name + "_b", [n], initializer=tf.zeros_initializer())
    return tf.nn.xw_plus_b(x, w, b)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        keep = tf.placeholder_with_default(1.0, ())
        h = tf.nn.leaky_relu(linear(X, 1000, "one"), alpha=0.1)
        h = tf.nn.dropout(h, rate=1 - keep)
        h = prelu(linear(h, 1000, "two"), "slope")
        h = tf.nn.dropout(h, rate=1 - keep)
        logits = linear(h, 10, "three")
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(5e-4).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc, train_feed={keep: 0.6})
