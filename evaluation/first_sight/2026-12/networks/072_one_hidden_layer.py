import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        W1 = tf.get_variable("W1", [784, 2048], initializer=tf.initializers.he_normal())
        b1 = tf.get_variable("b1", [2048], initializer=tf.zeros_initializer())
        W2 = tf.get_variable("W2", [2048, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(X, W1) + b1)
        h = tf.nn.dropout(h, rate=tf.where(training, 0.5, 0.0))
        logits = tf.matmul(h, W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(0.001, step, 9380, 0.0)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc, train_feed={training: True})
