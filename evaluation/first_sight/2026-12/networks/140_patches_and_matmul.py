import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def conv_by_patches(x, k, c_out, name):
    c_in = int(x.shape[-1])
    w = tf.get_variable(name, [k * k * c_in, c_out], initializer=tf.initializers.he_normal())
    b = tf.get_variable(name + "_b", [c_out], initializer=tf.zeros_initializer())
    patches = tf.image.extract_image_patches(
        x, ksizes=[1, k, k, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(tf.einsum("bhwp,pc->bhwc", patches, w) + b)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = tf.reshape(X, [-1, 28, 28, 1])
        h = conv_by_patches(h, 5, 32, "first")
        h = conv_by_patches(h, 3, 64, "second")
        h = tf.reshape(h, [-1, 7 * 7 * 64])
        w = tf.get_variable("w", [3136, 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
