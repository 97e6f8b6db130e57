import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        w1 = tf.get_variable("w1", [784, 1500], initializer=tf.initializers.he_normal())
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        w2 = tf.get_variable("w2", [1500, 10], initializer=tf.initializers.he_normal())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        h1 = tf.nn.relu(tf.matmul(X, w1) + b1)
        h1 = tf.nn.dropout(h1, rate=0.5)
        logits = tf.matmul(h1, w2) + b2
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
