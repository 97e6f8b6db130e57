import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

lr = 0.1


def conv(x, shape, name):
    w = tf.get_variable(name + "_w", shape, initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable(name + "_b", shape[-1:], initializer=tf.zeros_initializer())
    x = tf.nn.relu(tf.nn.conv2d(x, w, strides=[1, 2, 2, 1], padding="SAME") + b)
    return x


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = conv(tf.reshape(X, [-1, 28, 28, 1]), [5, 5, 1, 32], "conv1")
        h = conv(h, [5, 5, 32, 64], "conv2")
        flat = tf.reshape(h, [-1, 3136])
        w1 = tf.get_variable("w1", [3136, 128])
        b1 = tf.get_variable("b1", [128], initializer=tf.zeros_initializer())
        fc = tf.nn.relu(tf.matmul(flat, w1) + b1)
        w2 = tf.get_variable("w2", [128, 10])
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(fc, w2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(lr).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
