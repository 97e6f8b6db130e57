import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def half_wave(z):
    return 0.5 * (z + tf.abs(z))


def build():
    with tf.Graph().as_default() as g:
        with tf.device("/cpu:0"):
            X = tf.placeholder(tf.float32, [None, 784])
            Y = tf.placeholder(tf.float32, [None, 10])
            w1 = tf.get_variable("w1", shape=(784, 1500), initializer=tf.glorot_uniform_initializer())
            c1 = tf.get_variable("c1", shape=(1500,), initializer=tf.zeros_initializer())
            w2 = tf.get_variable("w2", shape=(1500, 10), initializer=tf.glorot_uniform_initializer())
            c2 = tf.get_variable("c2", shape=(10,), initializer=tf.zeros_initializer())
            h = half_wave(tf.tensordot(X, w1, [[1], [0]]) + c1)
            s = tf.tensordot(h, w2, [[1], [0]]) + c2
            ce = tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=s)
            loss = tf.reduce_mean(ce)
            train_op = tf.train.AdamOptimizer(1e-3).minimize(loss)
            p = tf.nn.softmax(s)
            a = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=s, prediction=p, loss=loss, train_op=train_op, accuracy=a)
