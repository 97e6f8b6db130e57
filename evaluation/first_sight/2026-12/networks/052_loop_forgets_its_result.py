import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def dense(x, n, name):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        return tf.matmul(x, W) + b


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        for i, units in enumerate([1024, 512, 512]):
            h = tf.nn.relu(dense(X, units, "hidden%d" % i))
        logits = dense(h, 10, "logits")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.cosine_decay(0.001, step, 9380)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
