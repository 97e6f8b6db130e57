import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def member(x, scope):
    with tf.variable_scope(scope, initializer=tf.glorot_uniform_initializer()):
        for i, n in enumerate([400, 400, 10]):
            w = tf.get_variable(f"w{i}", [x.shape[1], n])
            b = tf.get_variable(f"b{i}", [n], initializer=tf.zeros_initializer())
            x = tf.matmul(x, w) + b
            if n != 10:
                x = tf.nn.relu(x)
        return x


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        answers = [member(X, f"net{k}") for k in "abc"]
        logits = tf.add_n(answers) / 3.0
        losses = [tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=a))
                  for a in answers]
        loss = tf.add_n(losses) / 3.0  # each member learns on its own
        step = tf.train.get_or_create_global_step()
        lr = tf.train.exponential_decay(0.001, step, 2000, 0.6)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)
