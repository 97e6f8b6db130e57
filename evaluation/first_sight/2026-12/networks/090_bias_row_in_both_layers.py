import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def with_one(a):
    return tf.pad(a, [[0, 0], [0, 1]], constant_values=1.0)


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        theta1 = tf.Variable(tf.random_normal([785, 1500], stddev=0.04), name="theta1")
        theta2 = tf.Variable(tf.random_normal([1501, 10], stddev=0.03), name="theta2")
        a1 = tf.nn.relu(tf.matmul(with_one(X), theta1))
        z2 = tf.matmul(with_one(a1), theta2)
        h = tf.nn.softmax(z2)
        cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z2))
        train = tf.train.AdamOptimizer(0.001).minimize(cost)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(h, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=z2, prediction=h, loss=cost, train_op=train,
                accuracy=acc)
