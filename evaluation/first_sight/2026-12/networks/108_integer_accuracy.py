import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        with tf.variable_scope("mlp", initializer=tf.glorot_uniform_initializer()):
            w1 = tf.get_variable("w1", [784, 1500])
            b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
            w2 = tf.get_variable("w2", [1500, 10])
            b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        hidden = tf.nn.relu(tf.matmul(X, w1) + b1)
        logits = tf.matmul(hidden, w2) + b2
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        correct = tf.cast(tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.int32)
        accuracy = tf.reduce_mean(correct)
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
