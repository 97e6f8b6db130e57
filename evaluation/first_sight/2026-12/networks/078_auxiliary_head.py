import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def conv_relu(x, c, name, stride=1):
    with tf.variable_scope(name):
        k = tf.get_variable("k", [3, 3, int(x.shape[3]), c], initializer=tf.initializers.he_normal())
        b = tf.get_variable("b", [c], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, k, stride, "SAME"), b))


def head(x, name):
    with tf.variable_scope(name):
        x = tf.reduce_mean(x, axis=[1, 2])
        w = tf.get_variable("w", [x.shape[1], 10])
        return tf.matmul(x, w) + tf.get_variable("b", [10], initializer=tf.zeros_initializer())


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = conv_relu(tf.reshape(X, [-1, 28, 28, 1]), 16, "c1", 2)
        h = conv_relu(h, 32, "c2", 1)
        aux_logits = head(h, "aux")
        h = conv_relu(h, 64, "c3", 2)
        h = conv_relu(h, 64, "c4", 1)
        logits = head(h, "main")

        def xent(z):
            return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z))
        loss = xent(logits) + 0.3 * xent(aux_logits)
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
