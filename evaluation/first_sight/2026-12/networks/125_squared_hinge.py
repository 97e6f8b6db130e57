import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        h = X
        for i in range(2):
            w = tf.get_variable(f"w{i}", [h.shape[1], 1024], initializer=tf.initializers.he_normal())
            b = tf.get_variable(f"b{i}", [1024], initializer=tf.zeros_initializer())
            h = tf.nn.relu(tf.matmul(h, w) + b)
            h = tf.nn.dropout(h, rate=tf.where(training, 0.5, 0.0))
        w = tf.get_variable("w_out", [1024, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b_out", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        sign = 2.0 * Y - 1.0
        loss = tf.reduce_mean(tf.reduce_sum(tf.square(tf.nn.relu(1.0 - sign * logits)), axis=1))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.polynomial_decay(0.0007, step, 15 * 469, 0.0)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={training: True})
