import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

SIZES = [784, 1500, 10]


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, SIZES[0]])
        Y = tf.placeholder(tf.float32, [None, SIZES[-1]])
        a = X
        for i, (n_in, n_out) in enumerate(zip(SIZES[:-1], SIZES[1:])):
            limit = (6 / (n_in + n_out)) ** 0.5
            W = tf.Variable(tf.random_uniform([n_in, n_out], -limit, limit), name=f"W{i}")
            b = tf.Variable(tf.zeros([n_out]), name=f"b{i}")
            a = tf.matmul(a, W) + b
            if i < len(SIZES) - 2:
                a = tf.nn.relu(a)
        logits = a
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(1e-3).minimize(loss)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
