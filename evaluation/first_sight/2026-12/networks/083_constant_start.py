import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def param(shape, name):
    return tf.get_variable(name, shape, initializer=tf.constant_initializer(0.1))


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = tf.nn.relu(tf.matmul(X, param([784, 1500], "W1")) + param([1500], "b1"))
        logits = tf.matmul(h, param([1500, 10], "W2")) + param([10], "b2")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
