import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def make_params():
    sizes = [784, 700, 700, 10]
    params = []
    for a, b in zip(sizes, sizes[1:]):
        params.append((tf.Variable(tf.truncated_normal([a, b], stddev=(2 / a) ** 0.5)),
                       tf.Variable(tf.zeros([b]))))
    return params


def forward(x, params):
    for i, (w, b) in enumerate(params):
        x = tf.matmul(x, w) + b
        if i + 1 < len(params):
            x = tf.nn.relu(x)
    return x


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        params = make_params()
        raw = forward(X, params)
        raw_loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=raw))
        step = tf.Variable(0, trainable=False)
        apply = tf.train.AdamOptimizer(0.001).minimize(raw_loss, global_step=step)
        ema = tf.train.ExponentialMovingAverage(0.999, step)
        with tf.control_dependencies([apply]):
            train_op = ema.apply(tf.trainable_variables())
        logits = forward(X, [(ema.average(w), ema.average(b)) for w, b in params])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
