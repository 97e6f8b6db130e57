import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    init = tf.glorot_uniform_initializer()
    W1 = tf.get_variable("W1", [784, 1500], initializer=init)
    b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
    W2 = tf.get_variable("W2", [1500, 10], initializer=init)
    b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
    z1 = tf.nn.xw_plus_b(X, W1, b1)
    h1 = z1 * tf.cast(z1 > 0, tf.float32)
    logits = tf.nn.xw_plus_b(h1, W2, b2)
    prediction = tf.nn.softmax(logits)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
    train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(
        tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
