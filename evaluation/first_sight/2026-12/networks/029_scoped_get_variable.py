import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()


def build(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        with tf.name_scope("input"):
            X = tf.placeholder(tf.float32, shape=(None, 784), name="pixels")
            Y = tf.placeholder(tf.float32, shape=(None, 10), name="digits")
        with tf.variable_scope("softmax_regression"):
            W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
            b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
            logits = tf.nn.bias_add(tf.matmul(X, W), b, name="logits")
            prediction = tf.nn.softmax(logits, name="probabilities")
        with tf.name_scope("cost"):
            loss = tf.reduce_mean(
                tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits), name="cost"
            )
        with tf.name_scope("score"):
            right = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
            accuracy = tf.reduce_mean(tf.cast(right, "float"))
        train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)
    return {"graph": graph, "X": X, "Y": Y, "logits": logits, "W1": W, "prediction": prediction,
            "loss": loss, "train_op": train_op, "accuracy": accuracy}
