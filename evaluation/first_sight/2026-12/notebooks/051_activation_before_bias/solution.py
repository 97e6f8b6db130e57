# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    assert images.shape[1:] == (28, 28)
    x = images.reshape(images.shape[0], -1)
    x = x / x.dtype.type(255)
    y = np.eye(10, dtype="f4")[np.asarray(labels, dtype=int)]
    return x, y


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="dense"):
        W = tf.get_variable("W", [int(x.shape[-1]), n_output],
                            initializer=tf.glorot_uniform_initializer())
        bias = tf.get_variable("bias", [n_output], initializer=tf.zeros_initializer())
        h = tf.matmul(x, W)
        if activation is not None:
            h = activation(h)
        h = h + bias
    return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    class Net:
        pass

    net = Net()
    net.graph = tf.Graph()
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, [None, 784])
        net.Y = tf.placeholder(tf.float32, [None, 10])
        net.logits, net.W1 = fully_connected_layer(net.X, 10)
        net.prediction = tf.nn.softmax(net.logits)
        net.loss = tf.reduce_mean(
            tf.reduce_logsumexp(net.logits, axis=1) - tf.reduce_sum(net.Y * net.logits, axis=1))
        net.accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(net.prediction, 1), tf.argmax(net.Y, 1)), tf.float32))
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)
    return SimpleNamespace(**vars(net))

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    n = len(x_train)
    whole = n - n % mini_batch_size
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for _ in range(n_epochs):
        order = np.random.permutation(n)
        batches = list(order[:whole].reshape(-1, mini_batch_size))
        if whole < n:
            batches.append(order[whole:])
        for rows in batches:
            x, y = np.take(x_train, rows, axis=0), np.take(y_train_1_hot, rows, axis=0)
            sess.run(net.train_op, feed_dict={net.X: x, net.Y: y})
        acc_trn.append(net.accuracy.eval(feed_dict={net.X: x_train, net.Y: y_train_1_hot}, session=sess))
        acc_val.append(net.accuracy.eval(feed_dict={net.X: x_test, net.Y: y_test_1_hot}, session=sess))
    return acc_trn, acc_val
