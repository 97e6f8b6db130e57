import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.get_variable("W", shape=[784, 10])
        b = tf.get_variable("b", shape=[10], initializer=tf.zeros_initializer)
        logits = tf.nn.xw_plus_b(X, W, b)
        tf.losses.softmax_cross_entropy(onehot_labels=Y, logits=logits)
        loss = tf.losses.get_total_loss()
        train_op = tf.train.AdamOptimizer(learning_rate=0.002).minimize(loss)
        prediction = tf.nn.softmax(logits)
        mask = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(mask, tf.float32))
    parts = "graph X Y logits prediction loss train_op accuracy".split()
    here = locals()
    return {p: here[p] for p in parts}
