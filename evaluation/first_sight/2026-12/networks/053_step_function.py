import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def layer(x, n, name, activation=None):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[1], n], initializer=tf.glorot_normal_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    z = tf.matmul(x, w) + b
    return z if activation is None else activation(z)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        a = layer(X, 512, "one", tf.sign)
        a = layer(a, 512, "two", tf.sign)
        logits = layer(a, 10, "three")
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
