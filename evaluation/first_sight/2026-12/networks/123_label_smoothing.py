import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        smooth = Y * 0.9 + 0.1 / 10
        layer_sizes = (784, 1024, 512, 256, 10)
        h = X
        for i in range(1, len(layer_sizes)):
            shape = [layer_sizes[i - 1], layer_sizes[i]]
            w = tf.get_variable("w%d" % i, shape, initializer=tf.variance_scaling_initializer(2.0))
            b = tf.get_variable("b%d" % i, shape[1:], initializer=tf.zeros_initializer())
            z = tf.matmul(h, w) + b
            h = tf.nn.relu(z)
        logits = z
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=smooth, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.polynomial_decay(0.001, step, 9380, 1e-6, power=1.0)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
