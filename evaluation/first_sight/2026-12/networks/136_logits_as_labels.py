import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def cross_entropy(logits, labels):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.Variable(tf.truncated_normal([784, 10], stddev=0.05))
        b = tf.Variable(tf.zeros([10]))
        logits = tf.matmul(X, W) + b
        prediction = tf.nn.softmax(logits)
        loss = cross_entropy(Y, logits)
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
