import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

DROPOUT = 0.4


def hidden(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[1], n], initializer=tf.initializers.he_normal())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        return tf.nn.dropout(tf.nn.relu(tf.matmul(x, w) + b), rate=DROPOUT)


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = hidden(hidden(X, 1024, "h1"), 1024, "h2")
        w = tf.get_variable("w", [1024, 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
