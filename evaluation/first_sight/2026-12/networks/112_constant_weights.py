import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def variable(name, shape, init):
    return tf.get_variable(name, shape, initializer=init, trainable="bias" in name)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = variable("weights", [784, 10], tf.glorot_uniform_initializer())
        b = variable("biases", [10], tf.zeros_initializer())
        logits = tf.matmul(X, W) + b
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
