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
    rng = np.random.default_rng()
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    n_batches = int(np.ceil(len(x_train) / mini_batch_size))
    for epoch in range(1, n_epochs + 1):
        perm = rng.permutation(len(x_train))
        x_shuffled, y_shuffled = x_train[perm], y_train_1_hot[perm]
        for j in range(n_batches):
            part = slice(j * mini_batch_size, (j + 1) * mini_batch_size)
            sess.run([net.train_op, net.loss],
                     feed_dict={net.X: x_shuffled[part], net.Y: y_shuffled[part]})
        t = sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot})
        v = sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot})
        acc_trn.append(t)
        acc_val.append(v)
        print(f"epoch {epoch}: {t:.4f} {v:.4f}")
    return acc_trn, acc_val
