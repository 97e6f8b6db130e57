import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def make_layer(n_in, n_out):
    W = tf.Variable(tf.random_normal([n_in, n_out]) / n_in ** 0.5)
    b = tf.Variable(tf.zeros([n_out]))
    return lambda x: tf.matmul(x, W) + b


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        layer = make_layer(784, 10)
        logits = layer(X)
        prediction = tf.math.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=layer(X)))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        _, best = tf.nn.top_k(prediction, k=1)
        _, true = tf.nn.top_k(Y, k=1)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(best, true), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": logits, "prediction": prediction,
            "loss": loss, "train_op": train_op, "accuracy": accuracy}
