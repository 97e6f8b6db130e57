import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def conv(x, k, c, stride=1):
    w = tf.Variable(tf.truncated_normal([k, k, int(x.shape[-1]), c], stddev=0.1))
    b = tf.Variable(tf.zeros([c]))
    return tf.nn.relu(tf.nn.conv2d(x, w, [1, stride, stride, 1], "SAME") + b)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = conv(tf.reshape(X, [-1, 28, 28, 1]), 5, 16, 2)
        h = conv(h, 3, 32, 2)
        h = tf.transpose(h, [3, 1, 2, 0])  # channels first
        flat = tf.reshape(h, [-1, 7 * 7 * 32])
        w1 = tf.Variable(tf.truncated_normal([7 * 7 * 32, 128], stddev=0.03))
        h = tf.nn.relu(tf.matmul(flat, w1) + tf.Variable(tf.zeros([128])))
        w2 = tf.Variable(tf.truncated_normal([128, 10], stddev=0.1))
        logits = tf.matmul(h, w2) + tf.Variable(tf.zeros([10]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
