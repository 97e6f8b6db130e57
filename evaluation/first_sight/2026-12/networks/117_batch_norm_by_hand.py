import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def batch_norm(z, training, updates, momentum=0.9):
    n = int(z.shape[-1])
    gamma = tf.Variable(tf.ones([n]))
    beta = tf.Variable(tf.zeros([n]))
    moving_mean = tf.Variable(tf.zeros([n]), trainable=False)
    moving_var = tf.Variable(tf.ones([n]), trainable=False)
    mean, var = tf.nn.moments(z, axes=[0])
    updates.append(tf.assign(moving_mean, momentum * moving_mean + (1 - momentum) * mean))
    updates.append(tf.assign(moving_var, momentum * moving_var + (1 - momentum) * var))
    mean = tf.where(training, mean, moving_mean)
    var = tf.where(training, var, moving_var)
    return gamma * (z - mean) / tf.sqrt(var + 1e-5) + beta


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, shape=[])
        updates, h = [], X
        for n_in, n_out in [(784, 512), (512, 512), (512, 256)]:
            W = tf.Variable(tf.random_normal([n_in, n_out], stddev=(2 / n_in) ** 0.5))
            h = tf.nn.relu(batch_norm(tf.matmul(h, W), training, updates))
        logits = tf.matmul(h, tf.Variable(tf.random_normal([256, 10], stddev=0.06)))
        logits += tf.Variable(tf.zeros([10]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.exponential_decay(0.003, step, 938, 0.7)
        with tf.control_dependencies(updates):
            train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
        return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=tf.nn.softmax(logits),
                    loss=loss, train_op=train_op, accuracy=acc, train_feed={training: True})
