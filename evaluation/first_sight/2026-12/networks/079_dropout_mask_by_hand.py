import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def my_dropout(h, training, keep=0.5):
    def drop():
        mask = tf.cast(tf.random_uniform(tf.shape(h)) < keep, tf.float32)
        return h * mask / keep
    return tf.cond(training, drop, lambda: tf.identity(h))


graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    training = tf.placeholder_with_default(tf.constant(False), shape=[])
    W1 = tf.Variable(tf.random_normal([784, 1200], stddev=0.05))
    b1 = tf.Variable(tf.zeros([1200]))
    W2 = tf.Variable(tf.random_normal([1200, 1200], stddev=0.04))
    b2 = tf.Variable(tf.zeros([1200]))
    W3 = tf.Variable(tf.random_normal([1200, 10], stddev=0.04))
    b3 = tf.Variable(tf.zeros([10]))
    h1 = my_dropout(tf.nn.relu(tf.matmul(X, W1) + b1), training)
    h2 = my_dropout(tf.nn.relu(tf.matmul(h1, W2) + b2), training)
    logits = tf.matmul(h2, W3) + b3
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
    gs = tf.Variable(0, trainable=False, name="global_step")
    rate = tf.train.inverse_time_decay(0.001, gs, 1000, 0.5)
    train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=gs)
    prediction = tf.nn.softmax(logits)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy, train_feed={training: True})
