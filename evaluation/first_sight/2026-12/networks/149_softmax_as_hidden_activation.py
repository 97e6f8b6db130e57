import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.truncated_normal([784, 1500], stddev=0.1))
        b1 = tf.Variable(tf.zeros([1500]))
        y1 = tf.nn.softmax(tf.matmul(X, W1) + b1)
        W2 = tf.Variable(tf.truncated_normal([1500, 10], stddev=0.1))
        b2 = tf.Variable(tf.zeros([10]))
        y2 = tf.matmul(y1, W2) + b2
        cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=y2))
        train = tf.train.AdamOptimizer(0.001).minimize(cost)
        p = tf.nn.softmax(y2)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=y2, prediction=p, loss=cost, train_op=train,
                accuracy=acc)
