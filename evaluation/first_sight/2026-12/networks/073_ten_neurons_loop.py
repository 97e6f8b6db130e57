import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def neuron(x, digit):
    with tf.variable_scope("neuron_%d" % digit):
        w = tf.get_variable("w", [784], initializer=tf.random_normal_initializer(stddev=0.03))
        b = tf.get_variable("b", [], initializer=tf.zeros_initializer())
    return tf.reduce_sum(x * w, axis=1) + b


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = tf.stack([neuron(X, d) for d in range(10)], axis=1)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
