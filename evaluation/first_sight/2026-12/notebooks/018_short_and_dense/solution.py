# notebook: 1_one_layer

# %% prepare_data
prepare_data = lambda images, labels: (images.reshape(-1, 784) / 255., np.eye(10)[labels])


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="dense"):
        W = tf.get_variable("W", [x.shape[1], n_output])  # the default is glorot uniform
        z = x @ W + tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        return activation(z) if activation else z, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    with tf.Graph().as_default() as graph:
        X, Y = (tf.placeholder(tf.float32, [None, n]) for n in (784, 10))
        logits, W1 = fully_connected_layer(X, 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        return SimpleNamespace(
            graph=graph, X=X, Y=Y, logits=logits, W1=W1, prediction=tf.nn.softmax(logits), loss=loss,
            train_op=tf.train.AdamOptimizer(learning_rate).minimize(loss),
            accuracy=tf.reduce_mean(tf.cast(
                tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32)))

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    X, Y, acc = net.X, net.Y, ([], [])
    sets = [(x_train, y_train_1_hot), (x_test, y_test_1_hot)]
    with net.graph.as_default(): sess.run(tf.global_variables_initializer())
    for _ in range(n_epochs):
        p = np.random.permutation(len(x_train))
        [sess.run(net.train_op, {X: x_train[r], Y: y_train_1_hot[r]})
         for r in np.split(p, range(mini_batch_size, len(p), mini_batch_size))]
        for a, (x, y) in zip(acc, sets): a.append(sess.run(net.accuracy, {X: x, Y: y}))
    return acc
