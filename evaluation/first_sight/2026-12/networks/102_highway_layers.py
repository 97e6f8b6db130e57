import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class Dense:
    count = 0

    def __init__(self, n_in, n_out, act=tf.identity, bias=0.0):
        Dense.count += 1
        self.w = tf.Variable(tf.glorot_uniform_initializer()([n_in, n_out]), name=f"w{self.count}")
        self.b = tf.Variable(tf.fill([n_out], bias), name=f"b{self.count}")
        self.act = act

    def __call__(self, x):
        return self.act(tf.matmul(x, self.w) + self.b)


def highway(x, n):
    transform = Dense(n, n, tf.nn.relu)(x)
    gate = Dense(n, n, tf.sigmoid, bias=-1.0)(x)
    return transform * gate + x * (1.0 - gate)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = Dense(784, 512, tf.nn.relu)(X)
        for _ in range(3):
            h = highway(h, 512)
        logits = Dense(512, 10)(h)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(1e-3, step, 12 * 469, 0.0)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
