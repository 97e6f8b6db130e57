import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def bn_relu(x, units, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[1], units], initializer=tf.initializers.he_normal())
        z = tf.matmul(x, w)
        mean, variance = tf.nn.moments(z, axes=[0])
        scale = tf.get_variable("scale", [units], initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", [units], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.nn.batch_normalization(z, mean, variance, shift, scale, 1e-5))


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = bn_relu(X, 512, "a")
        h = bn_relu(h, 512, "b")
        h = bn_relu(h, 256, "c")
        w = tf.get_variable("w", [256, 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.nn.xw_plus_b(h, w, b)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
