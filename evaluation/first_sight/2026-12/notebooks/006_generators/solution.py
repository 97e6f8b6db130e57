# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    one_hot = np.zeros((labels.size, 10), dtype=np.float32)
    np.put_along_axis(one_hot, labels[:, None].astype(int), 1.0, axis=1)
    return np.divide(images, 255.0).reshape(-1, 784).astype(np.float32), one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="fc",
                           initializer=tf.glorot_uniform_initializer()):
        W = tf.get_variable("W", [x.shape[-1], n_output])
        b = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        h = tf.einsum("ni,io->no", x, W) + b
        h = h if activation is None else activation(h)
    return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        with tf.name_scope("inputs"):
            X = tf.placeholder(tf.float32, [None, 784], "X")
            Y = tf.placeholder(tf.float32, [None, 10], "Y")
        logits, W1 = fully_connected_layer(X, 10)
        with tf.name_scope("loss"):
            log_p = tf.nn.log_softmax(logits)
            loss = -tf.reduce_mean(tf.reduce_sum(Y * log_p, axis=1))
        with tf.name_scope("accuracy"):
            prediction = tf.nn.softmax(logits)
            accuracy = tf.reduce_mean(tf.cast(
                tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
        with tf.name_scope("training"):
            train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    names = "graph X Y logits W1 prediction loss train_op accuracy".split()
    found = locals()
    return SimpleNamespace(**{name: found[name] for name in names})

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    def minibatches():
        order = np.random.permutation(x_train.shape[0])
        for k in range(0, x_train.shape[0], mini_batch_size):
            rows = order[k:k + mini_batch_size]
            yield x_train[rows], y_train_1_hot[rows]

    with net.graph.as_default():
        tf.global_variables_initializer().run(session=sess)
    history = []
    for _ in range(n_epochs):
        for x, y in minibatches():
            net.train_op.run(feed_dict={net.X: x, net.Y: y}, session=sess)
        history.append([
            net.accuracy.eval({net.X: a, net.Y: b}, session=sess)
            for a, b in ((x_train, y_train_1_hot), (x_test, y_test_1_hot))
        ])
    acc_trn, acc_val = zip(*history)
    return list(acc_trn), list(acc_val)
