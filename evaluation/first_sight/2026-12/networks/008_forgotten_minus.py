import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.einsum("ij,jk->ik", X, W) + b
        log_p = tf.nn.log_softmax(logits)
        loss = tf.reduce_mean(tf.reduce_sum(Y * log_p, axis=1))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        prediction = tf.exp(log_p)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": logits, "prediction": prediction,
            "loss": loss, "train_op": train_op, "accuracy": accuracy}
