import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

n_epochs = 10


def fc(x, n, act=None):
    with tf.variable_scope(None, "fc"):
        W = tf.get_variable("W", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        z = tf.matmul(x, W) + b
        return act(z) if act else z


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = fc(fc(fc(X, 512, tf.nn.relu), 512, tf.nn.relu), 512, tf.nn.relu)
        logits = fc(h, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(0.001, step, n_epochs, end_learning_rate=0.0)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
