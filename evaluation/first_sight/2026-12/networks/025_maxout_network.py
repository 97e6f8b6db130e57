import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def maxout(x, n, pieces, scope):
    with tf.variable_scope(scope):
        w = tf.get_variable("w", [int(x.shape[-1]), n * pieces],
                            initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n * pieces], initializer=tf.zeros_initializer())
        z = tf.reshape(tf.matmul(x, w) + b, [-1, n, pieces])
        return tf.reduce_max(z, axis=2)


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        drop = tf.placeholder_with_default(0.0, [])
        h = tf.nn.dropout(maxout(X, 400, 3, "m1"), rate=drop)
        h = tf.nn.dropout(maxout(h, 400, 3, "m2"), rate=drop)
        w = tf.get_variable("w", [400, 10], initializer=tf.glorot_uniform_initializer())
        logits = tf.matmul(h, w) + tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.0005).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={drop: 0.5})
