import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

LAYERS = [(3, 24, 1), (3, 24, 2), (3, 48, 1), (3, 48, 2), (1, 10, 1)]  # size, channels, stride


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h, c_in = tf.reshape(X, [-1, 28, 28, 1]), 1
        for i, (k, c, s) in enumerate(LAYERS):
            std = (2.0 / (k * k * c_in)) ** 0.5
            w = tf.Variable(tf.truncated_normal([k, k, c_in, c], stddev=std), name=f"conv{i}")
            b = tf.Variable(tf.zeros([c]))
            h = tf.nn.conv2d(h, w, strides=[1, s, s, 1], padding="SAME") + b
            if i < len(LAYERS) - 1:
                h = tf.nn.relu(h)
            c_in = c
        logits = tf.reduce_mean(h, axis=[1, 2])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
