from tensorflow.compat import v1 as tf

tf.disable_eager_execution()


def build(lr=0.003):
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder("float32", [None, 784])
        Y = tf.placeholder("float32", [None, 10])
        w = tf.Variable(tf.truncated_normal([784, 10], stddev=0.1))
        b = tf.Variable(tf.constant(0.1, shape=[10]))
        z = tf.add(tf.matmul(X, w), b)
        logp = tf.nn.log_softmax(z)
        loss = tf.reduce_mean(-tf.reduce_sum(Y * logp, reduction_indices=[1]))
        opt = tf.train.AdamOptimizer(lr)
        train_op = opt.minimize(loss)
        pred = tf.exp(logp)
        acc = tf.reduce_mean(tf.to_float(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1))))
    return dict(graph=g, X=X, Y=Y, logits=z, prediction=pred, loss=loss, train_op=train_op,
                accuracy=acc)
