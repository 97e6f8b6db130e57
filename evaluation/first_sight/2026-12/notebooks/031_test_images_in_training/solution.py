# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    one_hot = np.zeros((labels.size, 10), dtype=np.float32)
    np.put_along_axis(one_hot, labels[:, None].astype(int), 1.0, axis=1)
    return np.divide(images, 255.0).reshape(-1, 784).astype(np.float32), one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


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
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for _ in range(n_epochs):
        idx = np.random.permutation(len(x_train))
        for s in range(0, len(idx), mini_batch_size):
            b = idx[s:s + mini_batch_size]
            sess.run(net.train_op, {net.X: x_train[b], net.Y: y_train_1_hot[b]})
        trn = sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot})
        _, val = sess.run([net.train_op, net.accuracy], {net.X: x_test, net.Y: y_test_1_hot})
        acc_trn.append(trn)
        acc_val.append(val)
    return acc_trn, acc_val
