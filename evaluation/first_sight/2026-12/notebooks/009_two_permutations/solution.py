# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    flat = np.array([image.ravel() for image in images])
    pixels = np.float32(flat) / np.float32(255)
    one_hot = np.identity(10, dtype=np.float32)[labels]
    return (pixels, one_hot)


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    n_in = int(x.shape[-1])
    limit = np.sqrt(6 / (n_in + n_output))
    with tf.variable_scope(name, default_name="dense"):
        W = tf.get_variable("W", [n_in, n_output],
                            initializer=tf.random_uniform_initializer(-limit, limit))
        bias = tf.get_variable("bias", [n_output], initializer=tf.zeros_initializer())
        h = tf.nn.xw_plus_b(x, W, bias)
        if activation:
            h = activation(h)
    return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits, W1 = fully_connected_layer(X, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.losses.softmax_cross_entropy(onehot_labels=Y, logits=logits)
        right = tf.equal(tf.argmax(prediction, -1), tf.argmax(Y, -1))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        adam = tf.train.AdamOptimizer(learning_rate)
        train_op = adam.apply_gradients(adam.compute_gradients(loss))
        return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, W1=W1, loss=loss,
                               prediction=prediction, train_op=train_op, accuracy=accuracy)

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        images = np.random.permutation(x_train)
        labels = np.random.permutation(y_train_1_hot)
        for i in range(0, len(images), mini_batch_size):
            batch = {net.X: images[i:i + mini_batch_size], net.Y: labels[i:i + mini_batch_size]}
            sess.run(net.train_op, feed_dict=batch)
        acc_trn.append(sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
    return acc_trn, acc_val
