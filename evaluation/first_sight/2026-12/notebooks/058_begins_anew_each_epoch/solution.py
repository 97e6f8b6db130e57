# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    n = images.shape[0]
    pixels = images.astype("float32").reshape((n, 28 * 28))
    pixels /= 255.0
    one_hot = (np.arange(10)[None, :] == labels[:, None]).astype("float32")
    return pixels, one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    n_input = x.get_shape().as_list()[-1]
    with tf.variable_scope(name, "layer"):
        W = tf.get_variable(name="weights", shape=(n_input, n_output), dtype=tf.float32,
                            initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable(name="biases", shape=(n_output,), dtype=tf.float32,
                            initializer=tf.zeros_initializer())
        z = tf.nn.bias_add(tf.matmul(x, W), b)
        return (activation or tf.identity)(z), W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    net = SimpleNamespace(graph=tf.Graph())
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, (None, 784))
        net.Y = tf.placeholder(tf.float32, (None, 10))
        net.logits, net.W1 = fully_connected_layer(net.X, 10, name="digits")
        net.prediction = tf.nn.softmax(net.logits)
        net.loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits_v2(labels=net.Y, logits=net.logits))
        hits = tf.equal(tf.argmax(net.logits, 1), tf.argmax(net.Y, 1))
        net.accuracy = tf.reduce_mean(tf.cast(hits, "float"))
        optimizer = tf.train.AdamOptimizer(learning_rate=learning_rate)
        net.train_op = optimizer.minimize(net.loss)
    return net

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        init = tf.global_variables_initializer()
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        sess.run(init)
        order = np.random.permutation(len(x_train))
        for start in range(0, len(order), mini_batch_size):
            rows = order[start:start + mini_batch_size]
            sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        acc_trn.append(sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
    return acc_trn, acc_val
