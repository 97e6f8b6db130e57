import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 28, 28], "images")
        Y = tf.placeholder(tf.float32, [None, 10], "one_hot")
        h = tf.expand_dims(X, -1)
        for i, channels in enumerate((32, 64)):
            k = tf.get_variable(f"kernel{i}", [3, 3, h.shape[-1], channels])
            b = tf.get_variable(f"bias{i}", [channels], initializer=tf.zeros_initializer())
            h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(h, k, [1, 1, 1, 1], "SAME"), b))
            h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        flat = tf.reshape(h, [-1, int(h.shape[1] * h.shape[2] * h.shape[3])])
        w = tf.get_variable("w", [flat.shape[1], 10])
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(flat, w) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
