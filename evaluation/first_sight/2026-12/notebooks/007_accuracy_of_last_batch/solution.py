# notebook: 1_one_layer

# %% prepare_data
prepare_data = lambda images, labels: (images.reshape(-1, 784) / 255., np.eye(10)[labels])


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


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
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        order = np.random.permutation(len(x_train))
        for start in range(0, len(order), mini_batch_size):
            rows = order[start : start + mini_batch_size]
            feed = {net.X: x_train[rows], net.Y: y_train_1_hot[rows]}
            sess.run(net.train_op, feed_dict=feed)
        acc_trn.append(sess.run(net.accuracy, feed_dict=feed))
        acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
    return acc_trn, acc_val
