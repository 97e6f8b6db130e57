import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        init = tf.initializers.lecun_normal()
        h = X
        for depth in range(4):
            with tf.variable_scope("selu_%d" % depth):
                w = tf.get_variable("w", [h.shape[1], 512], initializer=init)
                b = tf.get_variable("b", [512], initializer=tf.zeros_initializer())
                h = tf.nn.selu(tf.matmul(h, w) + b)
        w = tf.get_variable("w", [512, 10], initializer=init)
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.cosine_decay(5e-4, step, 9380)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
