import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        hidden_weights = tf.Variable(tf.random_normal([784, 1500], stddev=0.05))
        hidden_bias = tf.Variable(tf.zeros([1500]))
        out_weights = tf.Variable(tf.random_normal([1500, 10], stddev=0.05))
        out_bias = tf.Variable(tf.zeros([10]))
        hidden = tf.nn.relu(tf.matmul(X, hidden_weights) + hidden_bias)
        logits = tf.matmul(hidden, out_weights) + out_bias
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits, dim=0))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
