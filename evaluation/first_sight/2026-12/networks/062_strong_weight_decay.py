import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        init = tf.glorot_uniform_initializer()
        h = X
        for i, n in enumerate([512, 512, 256, 10]):
            with tf.variable_scope("fc%d" % i):
                w = tf.get_variable("weights", [h.shape[1], n], initializer=init)
                b = tf.get_variable("biases", [n], initializer=tf.zeros_initializer())
                z = tf.matmul(h, w) + b
                h = tf.nn.relu(z)
        logits = z
        xent = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        beta = 1.0
        l2 = tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables() if "weights" in v.name])
        loss = xent + beta * l2
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
