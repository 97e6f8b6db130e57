import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        image = tf.reshape(X, [-1, 28, 28, 1])
        tf.summary.image("input", image, 3)
        flat = tf.reshape(image, [-1, 28 * 28])
        W1 = tf.get_variable("W1", [784, 1500], initializer=tf.orthogonal_initializer())
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        W2 = tf.get_variable("W2", [1500, 10], initializer=tf.orthogonal_initializer())
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(flat, W1), b1))
        logits = tf.nn.bias_add(tf.matmul(hidden, W2), b2)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss, global_step=step)
        pred = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=pred, loss=loss,
                train_op=train_op, accuracy=acc)
