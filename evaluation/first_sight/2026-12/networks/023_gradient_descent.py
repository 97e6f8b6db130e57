import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        with tf.variable_scope("layer"):
            W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
            b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(X, W) + b
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss)
        mask = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(mask, tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
