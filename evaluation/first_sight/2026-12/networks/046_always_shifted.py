import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def augment(x):
    x = tf.pad(x, [[0, 0], [3, 3], [3, 3]])
    return tf.random_crop(x, tf.stack([tf.shape(x)[0], 28, 28]))


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        x = augment(tf.reshape(X, [-1, 28, 28]))
        x = tf.reshape(x, [-1, 784])
        for i, n in enumerate([1000, 1000]):
            w = tf.get_variable(f"w{i}", [x.shape[1], n], initializer=tf.initializers.he_normal())
            b = tf.get_variable(f"b{i}", [n], initializer=tf.zeros_initializer())
            x = tf.nn.relu(tf.matmul(x, w) + b)
        w = tf.get_variable("w", [1000, 10])
        logits = tf.matmul(x, w) + tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
