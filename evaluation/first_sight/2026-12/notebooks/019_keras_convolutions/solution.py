# notebook: 3_deep_network

# %% deep_network
def deep_network():
    L = tf.keras.layers
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        x = tf.reshape(X, [-1, 28, 28, 1])
        x = L.Conv2D(16, 3, padding="same", activation="relu")(x)
        x = L.MaxPooling2D()(x)
        x = L.Conv2D(32, 3, padding="same", activation="relu")(x)
        x = L.MaxPooling2D()(x)
        x = tf.reshape(x, [-1, 7 * 7 * 32])
        x = L.Dense(100, activation="relu")(x)
        logits = L.Dense(10)(x)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        global_step = tf.train.get_or_create_global_step()
        rate = tf.train.cosine_decay(0.0015, global_step, 6 * 600)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=global_step)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        init = tf.global_variables_initializer()
    sess.run(init)

    def accuracy(x, y):
        n = 1000
        return np.mean([sess.run(net.accuracy, {net.X: x[i * n:(i + 1) * n], net.Y: y[i * n:(i + 1) * n]})
                        for i in range(len(x) // n)])

    trn, val = [], []
    for epoch in range(6):
        p = np.random.permutation(len(x_train))
        for i in range(0, len(p), 100):
            sess.run(net.train_op, {net.X: x_train[p[i:i + 100]], net.Y: y_train_1_hot[p[i:i + 100]]})
        trn.append(accuracy(x_train, y_train_1_hot))
        val.append(accuracy(x_test, y_test_1_hot))
    return net, sess, trn, val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
