import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def fully_connected_layer(x, n_output, name, activation=None):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [int(x.shape[-1]), n_output],
                            initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("bias", [n_output], initializer=tf.zeros_initializer())
        z = tf.matmul(x, W) + b
        h = activation(z) if activation is not None else z
        return h, W


def build(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        L1, W1 = fully_connected_layer(X, 1500, "L1", activation=tf.nn.relu)
        logits, W2 = fully_connected_layer(X, 10, "L2")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
