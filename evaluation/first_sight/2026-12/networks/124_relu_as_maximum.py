import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def relu(z):
    return tf.maximum(z, 0.0)


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, shape=[None, 784])
        Y = tf.placeholder(tf.float32, shape=[None, 10])
        W1 = tf.Variable(tf.random_normal([784, 1500], stddev=(2 / 784) ** 0.5))
        b1 = tf.Variable(tf.zeros([1500]))
        W2 = tf.Variable(tf.random_normal([1500, 10], stddev=(2 / 1500) ** 0.5))
        b2 = tf.Variable(tf.zeros([10]))
        A1 = relu(X @ W1 + b1)
        Z2 = A1 @ W2 + b2
        loss = tf.reduce_mean(tf.reduce_logsumexp(Z2, axis=1) - tf.reduce_sum(Y * Z2, axis=1))
        train_op = tf.train.AdamOptimizer(learning_rate=0.001).minimize(loss)
        A2 = tf.nn.softmax(Z2)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(A2, 1), tf.argmax(Y, 1)), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": Z2, "prediction": A2, "loss": loss,
            "train_op": train_op, "accuracy": accuracy}
