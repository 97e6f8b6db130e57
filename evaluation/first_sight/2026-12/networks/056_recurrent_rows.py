import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

N = 128


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        rows = tf.unstack(tf.reshape(X, [-1, 28, 28]), axis=1)
        W = tf.get_variable("lstm_w", [28 + N, 4 * N], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("lstm_b", [4 * N], initializer=tf.zeros_initializer())
        h = c = tf.zeros([tf.shape(X)[0], N])
        for row in rows:
            i, f, o, g = tf.split(tf.matmul(tf.concat([row, h], 1), W) + b, 4, axis=1)
            c = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            h.set_shape([None, N])
        W1 = tf.get_variable("w1", [N, 128], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable("b1", [128], initializer=tf.zeros_initializer())
        a = tf.nn.relu(tf.matmul(h, W1) + b1)
        W2 = tf.get_variable("w2", [128, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(a, W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        opt = tf.train.AdamOptimizer(0.003)
        gv = [(tf.clip_by_norm(g, 5.0), v) for g, v in opt.compute_gradients(loss)]
        train_op = opt.apply_gradients(gv)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
