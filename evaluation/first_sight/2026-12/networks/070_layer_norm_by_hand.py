import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def layer_norm(x, scope):
    with tf.variable_scope(scope):
        g = tf.get_variable("g", [x.shape[-1]], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [x.shape[-1]], initializer=tf.zeros_initializer())
    mean = tf.reduce_mean(x, axis=-1, keepdims=True)
    var = tf.reduce_mean(tf.square(x - mean), axis=-1, keepdims=True)
    return g * (x - mean) * tf.rsqrt(var + 1e-6) + b


def gelu(x):
    return 0.5 * x * (1 + tf.erf(x / 2 ** 0.5))


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = X
        for i in range(3):
            w = tf.get_variable(f"w{i}", [h.shape[1], 640])
            h = gelu(layer_norm(tf.matmul(h, w), f"ln{i}"))
        w = tf.get_variable("out", [640, 10])
        logits = tf.matmul(h, w) + tf.get_variable("c", [10], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        t = tf.train.get_or_create_global_step()
        warm = tf.minimum(1.0, tf.cast(t + 1, tf.float32) / 200.0)
        lr = warm * tf.train.cosine_decay(1e-3, t, 9380)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=t)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
