import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build(learning_rate=0.003):
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(X, W) + b
        prediction = tf.nn.softmax(logits)
        loss = tf.losses.mean_squared_error(labels=Y, predictions=prediction)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        ok = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        return {"graph": graph, "X": X, "Y": Y, "logits": logits, "prediction": prediction,
                "loss": loss, "train_op": train_op,
                "accuracy": tf.reduce_mean(tf.cast(ok, tf.float32))}
