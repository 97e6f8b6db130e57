import tensorflow as tensorflow
tf = tensorflow.compat.v1
tf.disable_v2_behavior()


def affine(x, n, scope):
    d = x.get_shape().as_list()[1]
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        kernel = tf.get_variable("kernel", (d, n), initializer=tf.initializers.he_uniform())
        offset = tf.get_variable("offset", (n,), initializer=tf.initializers.zeros())
    return tf.einsum("bi,io->bo", x, kernel) + offset[None, :]


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, (None, 784))
        Y = tf.placeholder(tf.float32, (None, 10))
        logits = affine(tf.nn.relu(affine(X, 1500, "a")), 10, "b")
        logp = logits - tf.reduce_logsumexp(logits, axis=1, keepdims=True)
        loss = -tf.reduce_mean(tf.einsum("bo,bo->b", Y, logp))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.exp(logp)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(logp, axis=1), tf.argmax(Y, axis=1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
