# notebook: 3_deep_network

# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        rate = tf.placeholder_with_default(0.001, [])
        layers = [X]
        for n in [600, 600, 600]:
            layers.append(fully_connected_layer(layers[-1], n, activation=tf.nn.relu)[0])
        logits, _ = fully_connected_layer(layers[-1], 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, rate=rate, logits=logits, loss=loss,
                           prediction=prediction, train_op=train_op, accuracy=accuracy)

# %% deep_training
def shifted(batch):
    images = batch.reshape(-1, 28, 28)
    dy, dx = np.random.randint(-1, 2, size=2)
    return np.roll(images, (dy, dx), axis=(1, 2)).reshape(-1, 784)


def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    n_epochs, size = 14, 128
    total, step = n_epochs * len(range(0, len(x_train), size)), 0
    for epoch in range(n_epochs):
        order = np.random.permutation(len(x_train))
        for start in range(0, len(order), size):
            rows = order[start:start + size]
            sess.run(net.train_op, {net.X: shifted(x_train[rows]), net.Y: y_train_1_hot[rows],
                                    net.rate: 0.001 * (1 - step / total)})
            step += 1
        some = [sess.run(net.accuracy, {net.X: x_train[i:i + 10000], net.Y: y_train_1_hot[i:i + 10000]})
                for i in range(0, len(x_train), 10000)]
        acc_trn.append(np.mean(some))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
