import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.int64, [None])
        W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(X, W) + b
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32))
        prediction = tf.nn.softmax(logits)
    return dict(graph=graph, X=X, Y=y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
