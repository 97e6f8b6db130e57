import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def separable(x, c_out, stride, name):
    c = int(x.shape[-1])
    with tf.variable_scope(name, initializer=tf.initializers.he_normal()):
        d = tf.get_variable("depthwise", [3, 3, c, 2])
        p = tf.get_variable("pointwise", [1, 1, 2 * c, c_out])
        b = tf.get_variable("b", [c_out], initializer=tf.zeros_initializer())
        x = tf.nn.separable_conv2d(x, d, p, [1, stride, stride, 1], "SAME")
        return tf.nn.relu6(x + b)


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        k = tf.get_variable("stem", [5, 5, 1, 24], initializer=tf.initializers.he_normal())
        h = tf.nn.relu(tf.nn.conv2d(tf.reshape(X, [-1, 28, 28, 1]), k, [1, 2, 2, 1], "SAME"))
        h = separable(h, 48, 2, "sep1")
        h = separable(h, 96, 1, "sep2")
        h = tf.squeeze(tf.nn.avg_pool(h, [1, 7, 7, 1], [1, 1, 1, 1], "VALID"), [1, 2])
        w = tf.get_variable("w", [96, 10])
        logits = tf.matmul(h, w) + tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
