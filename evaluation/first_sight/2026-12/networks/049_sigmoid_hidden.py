import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def squash(z):
    return 1.0 / (1.0 + tf.exp(-z))


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        h = squash(tf.matmul(X, W1) + b1)
        logits = tf.matmul(h, W2) + b2
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
