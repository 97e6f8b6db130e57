import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

UPDATES = "my_updates"


def bn(x, is_training, name):
    c = int(x.shape[-1])
    with tf.variable_scope(name):
        scale = tf.get_variable("scale", [c], initializer=tf.ones_initializer())
        offset = tf.get_variable("offset", [c], initializer=tf.zeros_initializer())
        m = tf.get_variable("m", [c], initializer=tf.zeros_initializer(), trainable=False)
        v = tf.get_variable("v", [c], initializer=tf.ones_initializer(), trainable=False)

    def train():
        y, bm, bv = tf.nn.fused_batch_norm(x, scale, offset, is_training=True)
        return y, bm, bv

    def use():
        y, _, _ = tf.nn.fused_batch_norm(x, scale, offset, m, v, is_training=False)
        return y, m + 0.0, v + 0.0
    y, bm, bv = tf.cond(is_training, train, use)
    for moving, batch in ((m, bm), (v, bv)):
        tf.add_to_collection(UPDATES, tf.assign_sub(moving, 0.1 * (moving - batch)))
    return y


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        flag = tf.placeholder_with_default(False, [])
        h = tf.reshape(X, [-1, 28, 28, 1])
        for i, c in enumerate([16, 32, 32]):
            k = tf.get_variable(f"k{i}", [3, 3, h.shape[-1], c])
            h = tf.nn.relu(bn(tf.nn.conv2d(h, k, 2, "SAME"), flag, f"bn{i}"))
        h = tf.reshape(h, [-1, 4 * 4 * 32])
        w = tf.get_variable("w", [512, 10])
        logits = tf.matmul(h, w) + tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        learn = tf.train.AdamOptimizer(0.002).minimize(loss)
        train_op = tf.group(learn, *tf.get_collection(UPDATES))
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc, train_feed={flag: True})
