import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def pyramid(x, widths, depth=0):
    if not widths:
        return x
    n, *rest = widths
    with tf.variable_scope("level", reuse=False):
        w = tf.get_variable("w", [x.get_shape()[1].value if hasattr(x.get_shape()[1], "value")
                                  else x.get_shape()[1], n],
                            initializer=tf.glorot_normal_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        z = tf.matmul(x, w) + b
        return pyramid(tf.nn.relu(z) if rest else z, rest, depth + 1)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = pyramid(X, [1024, 512, 256, 10])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.linear_cosine_decay(0.001, step, 9380)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
