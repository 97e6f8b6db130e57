import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as g:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(tf.nn.relu(tf.matmul(X, W1) + b1), W2) + b2
        prediction = tf.nn.softmax(logits)
        loss = tf.losses.softmax_cross_entropy(Y, logits)
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        _, accuracy = tf.metrics.accuracy(
            labels=tf.argmax(Y, 1), predictions=tf.argmax(prediction, 1))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
