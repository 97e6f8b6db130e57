import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build(lr=0.001):
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        with tf.variable_scope("hidden", initializer=tf.initializers.he_normal()):
            z = tf.matmul(X, tf.get_variable("w", [784, 1500]))
            z = z + tf.get_variable("b", [1500], initializer=tf.zeros_initializer())
            h = tf.where(z > 0, z, tf.zeros_like(z))
        with tf.variable_scope("output", initializer=tf.glorot_normal_initializer()):
            logits = tf.matmul(h, tf.get_variable("w", [1500, 10]))
            logits += tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        xent = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)
        loss = tf.reduce_mean(xent)
        opt = tf.train.AdamOptimizer(lr)
        train_op = opt.apply_gradients(opt.compute_gradients(loss, tf.trainable_variables()))
        p = tf.nn.softmax(logits)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss,
                train_op=train_op, accuracy=accuracy)
