import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        y = tf.placeholder(tf.float32, [None, 10])
        W = tf.Variable(tf.zeros((784, 10)))
        b = tf.Variable(tf.zeros((10,)))
        yhat = tf.matmul(X, W) + b
        prediction = tf.nn.softmax(yhat)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=yhat))
        train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
        correct = tf.equal(tf.argmax(y, 1), tf.argmax(y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    return dict(graph=graph, X=X, Y=y, logits=yhat, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
