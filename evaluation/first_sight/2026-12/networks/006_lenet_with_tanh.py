import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def conv(x, k, c_out, name, padding):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [k, k, x.shape[-1], c_out])
        b = tf.get_variable("b", [c_out], initializer=tf.zeros_initializer())
        return tf.tanh(tf.nn.conv2d(x, w, [1, 1, 1, 1], padding) + b)


def fc(x, n, name, act):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n])
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        return act(tf.matmul(x, w) + b)


def lenet(x):
    x = conv(x, 5, 6, "C1", "SAME")
    x = tf.nn.avg_pool(x, 2, 2, "VALID")
    x = conv(x, 5, 16, "C3", "VALID")
    x = tf.nn.avg_pool(x, 2, 2, "VALID")
    x = tf.reshape(x, [-1, 5 * 5 * 16])
    x = fc(x, 120, "C5", tf.tanh)
    x = fc(x, 84, "F6", tf.tanh)
    return fc(x, 10, "output", tf.identity)


def build():
    with tf.Graph().as_default() as g:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = lenet(tf.reshape(X, [-1, 28, 28, 1]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.RMSPropOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
