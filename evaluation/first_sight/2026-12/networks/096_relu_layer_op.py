import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        w1 = tf.Variable(tf.truncated_normal([784, 1500], stddev=1.0 / 28.0))
        b1 = tf.Variable(tf.zeros([1500]))
        w2 = tf.Variable(tf.truncated_normal([1500, 10], stddev=1.0 / 1500 ** 0.5))
        b2 = tf.Variable(tf.zeros([10]))
        hidden = tf.nn.relu_layer(X, w1, b1)
        logits = tf.nn.xw_plus_b(hidden, w2, b2)
        digit = tf.argmax(Y, 1)
        loss = tf.losses.sparse_softmax_cross_entropy(labels=digit, logits=logits)
        train_op = tf.train.AdamOptimizer(1e-3).minimize(loss)
        guess = tf.argmax(logits, 1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(guess, digit), tf.float32))
        prediction = tf.nn.softmax(logits)
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
