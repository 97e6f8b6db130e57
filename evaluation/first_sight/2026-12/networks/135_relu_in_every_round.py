import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        out = X
        for k, n in enumerate([1500, 10]):
            with tf.variable_scope(f"layer{k}"):
                W = tf.get_variable("W", [out.shape[-1], n],
                                    initializer=tf.glorot_uniform_initializer())
                b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
                out = tf.nn.relu(tf.matmul(out, W) + b)
        prediction = tf.nn.softmax(out)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=out))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=out, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
