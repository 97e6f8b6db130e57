import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        layer = {"w": tf.Variable(tf.glorot_uniform_initializer()([784, 10])),
                 "b": tf.Variable(tf.zeros([10]))}
        logits = X @ layer["w"] + layer["b"]
        log_probs = tf.nn.log_softmax(logits, axis=-1)
        digit = tf.argmax(Y, 1, output_type=tf.int32)
        where = tf.stack([tf.range(tf.shape(X)[0]), digit], axis=1)
        loss = -tf.reduce_mean(tf.gather_nd(log_probs, where))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        guess = tf.argmax(log_probs, 1, output_type=tf.int32)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(guess, digit), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": logits, "prediction": tf.exp(log_probs),
            "loss": loss, "train_op": train_op, "accuracy": accuracy}
