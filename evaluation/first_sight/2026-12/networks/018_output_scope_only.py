import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def dense(x, n, name, act=None):
    with tf.variable_scope(name):
        w = tf.get_variable("kernel", [int(x.get_shape()[1]), n],
                            initializer=tf.initializers.he_normal())
        b = tf.get_variable("bias", [n], initializer=tf.zeros_initializer())
        z = tf.matmul(x, w) + b
        return act(z) if act is not None else z


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h1 = dense(X, 800, "hidden1", tf.nn.relu)
        h2 = dense(h1, 800, "hidden2", tf.nn.relu)
        h3 = dense(h2, 400, "hidden3", tf.nn.relu)
        logits = dense(h3, 10, "outputs")
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="outputs")
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=train_vars)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
