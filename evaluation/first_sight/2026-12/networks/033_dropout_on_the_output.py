import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def layer(x, n, name, rate, act=tf.nn.relu):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        return tf.nn.dropout(act(tf.matmul(x, w) + b), rate=rate)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        rate = tf.placeholder_with_default(0.0, [])
        h = layer(X, 800, "l1", rate)
        h = layer(h, 800, "l2", rate)
        logits = layer(h, 10, "l3", rate, act=tf.identity)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={rate: 0.5})
