from types import SimpleNamespace

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def dense(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="dense"):
        W = tf.get_variable("W", [int(x.shape[-1]), n_output],
                            initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        z = tf.matmul(x, W) + b
        return (z if activation is None else activation(z)), W


def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h, _ = dense(X, 1500, activation=tf.nn.relu)
        logits, _ = dense(h, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1)), tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)


def build():
    return vars(two_layer_network())
