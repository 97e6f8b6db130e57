import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        scores = tf.add(tf.matmul(X, W), b, name="scores")
        prediction = tf.argmax(scores, axis=1, name="prediction")
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=scores))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": scores, "prediction": prediction,
            "loss": loss, "train_op": train_op, "accuracy": accuracy}
