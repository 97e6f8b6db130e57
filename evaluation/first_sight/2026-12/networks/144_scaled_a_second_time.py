import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def conv_layer(x, c_out, name):
    with tf.variable_scope(name):
        k = tf.get_variable("k", [3, 3, x.shape[-1], c_out])
        b = tf.get_variable("b", [c_out], initializer=tf.zeros_initializer())
        x = tf.nn.relu(tf.nn.conv2d(x, k, [1, 1, 1, 1], "SAME") + b)
        return tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        images = tf.reshape(X / 255.0, [-1, 28, 28, 1])
        h = conv_layer(conv_layer(images, 16, "c1"), 32, "c2")
        h = tf.reshape(h, [-1, 7 * 7 * 32])
        w = tf.get_variable("w", [7 * 7 * 32, 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
