import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.glorot_uniform_initializer()([784, 1500]))
        b1 = tf.Variable(tf.zeros([1500]))
        W2 = tf.Variable(tf.glorot_uniform_initializer()([1500, 10]))
        b2 = tf.Variable(tf.zeros([10]))
        z1 = tf.matmul(X, W1) + b1
        a1 = tf.nn.relu(z1)
        z2 = tf.matmul(a1, W2) + b2
        p = tf.nn.softmax(z2)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z2))

        # backward pass, as in the notebook
        n = tf.cast(tf.shape(X)[0], tf.float32)
        d2 = (p - Y) / n
        dW2, db2 = tf.matmul(a1, d2, transpose_a=True), tf.reduce_sum(d2, 0)
        d1 = tf.matmul(d2, W2, transpose_b=True) * tf.cast(z1 > 0, tf.float32)
        dW1, db1 = tf.matmul(X, d1, transpose_a=True), tf.reduce_sum(d1, 0)
        train_op = tf.train.AdamOptimizer(0.001).apply_gradients(
            [(dW1, W1), (db1, b1), (dW2, W2), (db2, b2)])
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=z2, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
