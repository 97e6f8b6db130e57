import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y_ = tf.placeholder(tf.float32, [None, 10])
        lr = tf.placeholder_with_default(0.003, shape=(), name="lr")
        XX = tf.reshape(X, [-1, 784])
        W = tf.Variable(tf.zeros([784, 10]))
        b = tf.Variable(tf.zeros([10]))
        Ylogits = tf.matmul(XX, W) + b
        Y = tf.nn.softmax(Ylogits)
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
        cross_entropy = tf.reduce_mean(cross_entropy)
        correct_prediction = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        train_step = tf.train.AdamOptimizer(lr).minimize(cross_entropy)
    return {"graph": g, "X": X, "Y": Y_, "logits": Ylogits, "prediction": Y,
            "loss": cross_entropy, "train_op": train_step, "accuracy": accuracy}
