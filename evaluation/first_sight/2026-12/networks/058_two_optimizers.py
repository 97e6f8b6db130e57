import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        kernels, biases = [], []

        def fc(x, n):
            kernels.append(tf.Variable(tf.glorot_uniform_initializer()([int(x.shape[1]), n])))
            biases.append(tf.Variable(tf.zeros([n])))
            return tf.matmul(x, kernels[-1]) + biases[-1]

        h = tf.nn.relu(fc(X, 512))
        h = tf.nn.relu(fc(h, 512))
        h = tf.nn.relu(fc(h, 512))
        logits = fc(h, 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(0.001, step, 938, 0.75)
        grads = tf.gradients(loss, kernels + biases)
        k = len(kernels)
        train_kernels = tf.train.AdamOptimizer(rate).apply_gradients(
            zip(grads[:k], kernels), global_step=step)
        train_biases = tf.train.GradientDescentOptimizer(0.01).apply_gradients(
            zip(grads[k:], biases))
        train_op = tf.group(train_kernels, train_biases)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)
