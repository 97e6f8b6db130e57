import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        keep_prob = 0.9
        drop = tf.cond(training, lambda: tf.constant(keep_prob), lambda: tf.constant(0.0))
        h = X
        for i in range(3):
            w = tf.get_variable(f"w{i}", [h.shape[1], 512], initializer=tf.initializers.he_normal())
            b = tf.get_variable(f"b{i}", [512], initializer=tf.zeros_initializer())
            h = tf.nn.dropout(tf.nn.relu(tf.matmul(h, w) + b), rate=drop)
        w = tf.get_variable("w", [512, 10])
        logits = tf.matmul(h, w) + tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={training: True})
