import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        is_training = tf.placeholder_with_default(True, shape=[], name="is_training")
        rate = tf.where(is_training, 0.5, 0.0)
        he = tf.initializers.he_uniform()
        h = X
        for i in (1, 2):
            w = tf.get_variable("w%d" % i, [h.shape[1], 1024], initializer=he)
            b = tf.get_variable("b%d" % i, [1024], initializer=tf.zeros_initializer())
            h = tf.nn.dropout(tf.nn.relu(tf.matmul(h, w) + b), rate=rate)
        w = tf.get_variable("w3", [1024, 10], initializer=he)
        b = tf.get_variable("b3", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
