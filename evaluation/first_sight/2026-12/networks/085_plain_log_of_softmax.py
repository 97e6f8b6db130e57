import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.Variable(tf.random_normal([784, 10], stddev=0.05))
        b = tf.Variable(tf.zeros([10]))
        logits = tf.matmul(X, W) + b
        p = tf.nn.softmax(logits)
        loss = tf.reduce_mean(-tf.reduce_sum(Y * tf.log(p), axis=1))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss,
                train_op=train_op, accuracy=acc)
