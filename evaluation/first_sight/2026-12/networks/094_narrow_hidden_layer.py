import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

N_IN, N_HIDDEN, N_OUT = 784, 150, 10


def fully_connected(x, n, scope, act=None):
    with tf.variable_scope(scope):
        w = tf.get_variable("w", [x.shape[1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        out = tf.matmul(x, w) + b
        return act(out) if act else out


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, N_IN])
        Y = tf.placeholder(tf.float32, [None, N_OUT])
        hidden = fully_connected(X, N_HIDDEN, "hidden", tf.nn.relu)
        logits = fully_connected(hidden, N_OUT, "out")
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        pred = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=pred, loss=loss,
                train_op=train_op, accuracy=acc)
