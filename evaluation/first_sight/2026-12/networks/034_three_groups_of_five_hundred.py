import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def group(x, i):
    with tf.variable_scope(f"group_{i}"):
        w = tf.get_variable("w", [784, 500], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [500], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.matmul(x, w) + b)


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        hidden = tf.concat([group(X, i) for i in range(3)], axis=1)
        with tf.variable_scope("digits"):
            w = tf.get_variable("w", [1500, 10], initializer=tf.glorot_uniform_initializer())
            b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
            logits = tf.matmul(hidden, w) + b
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
