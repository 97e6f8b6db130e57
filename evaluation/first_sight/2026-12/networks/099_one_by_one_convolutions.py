import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        x = X[:, tf.newaxis, tf.newaxis, :]
        k1 = tf.Variable(tf.truncated_normal([1, 1, 784, 1500], stddev=0.04))
        b1 = tf.Variable(tf.zeros([1500]))
        k2 = tf.Variable(tf.truncated_normal([1, 1, 1500, 10], stddev=0.03))
        b2 = tf.Variable(tf.zeros([10]))
        h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, k1, 1, "SAME"), b1))
        o = tf.nn.bias_add(tf.nn.conv2d(h, k2, 1, "SAME"), b2)
        logits = tf.reshape(o, [-1, 10])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        pred = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=pred, loss=loss,
                train_op=train_op, accuracy=acc)
