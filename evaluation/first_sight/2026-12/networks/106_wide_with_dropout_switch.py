import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        training = tf.placeholder_with_default(False, [], name="training")
        rate = tf.where(training, 0.5, 0.0)
        init = tf.initializers.he_normal()
        a = X
        for i, n in enumerate((1024, 1024)):
            w = tf.get_variable(f"w{i}", [a.shape[1], n], initializer=init)
            b = tf.get_variable(f"b{i}", [n], initializer=tf.zeros_initializer())
            a = tf.nn.dropout(tf.nn.relu(tf.matmul(a, w) + b), rate=rate)
        w = tf.get_variable("w_out", [1024, 10], initializer=init)
        b = tf.get_variable("b_out", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(a, w) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.cosine_decay(0.001, step, 15 * 469)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc, train_feed={training: True}, eval_feed={})
