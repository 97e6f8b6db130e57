import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def layer(x, n_in, n_out, activation, name):
    with tf.name_scope(name):
        w = tf.Variable(tf.truncated_normal([n_in, n_out], stddev=0.05), name="w")
        b = tf.Variable(tf.zeros([1]), name="b")
        return activation(tf.matmul(x, w) + b)


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = layer(X, 784, 1500, tf.nn.relu, "hidden")
        w = tf.Variable(tf.truncated_normal([1500, 10], stddev=0.05))
        logits = tf.matmul(h, w) + tf.Variable(tf.zeros([10]))
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
