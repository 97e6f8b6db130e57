import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

SIZES = [784, 600, 600, 10]


def forward(x, ws, bs):
    for i, (w, b) in enumerate(zip(ws, bs)):
        x = tf.matmul(x, w) + b
        x = tf.nn.relu(x) if i < len(ws) - 1 else x
    return x


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        ws = [tf.Variable(tf.truncated_normal([a, b], stddev=(2 / a) ** 0.5))
              for a, b in zip(SIZES, SIZES[1:])]
        bs = [tf.Variable(tf.zeros([b])) for b in SIZES[1:]]
        ema = tf.train.ExponentialMovingAverage(decay=0.99)
        maintain_averages = ema.apply(ws + bs)
        train_logits = forward(X, ws, bs)
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=train_logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        logits = forward(X, [ema.average(w) for w in ws], [ema.average(b) for b in bs])
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
