import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        a, n_in = X, 784
        for n in (600, 600, 600):
            w = tf.Variable(tf.truncated_normal([n_in, n], stddev=(2.0 / n_in) ** 0.5))
            a = tf.nn.relu(tf.matmul(a, w) + tf.Variable(tf.zeros([n])))
            n_in = n
        w = tf.Variable(tf.truncated_normal([600, 10], stddev=0.04))
        logits = tf.matmul(a, w) + tf.Variable(tf.zeros([10]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        global_step = tf.Variable(0, trainable=False)
        learning_rate = tf.train.exponential_decay(0.001, global_step, 938, 0.7, staircase=True)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
