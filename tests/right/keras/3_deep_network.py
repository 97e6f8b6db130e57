# A small convolutional network.
# %% deep_network
def deep_network():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, shape=(None, 784))
        Y = tf.placeholder(tf.float32, shape=(None, 10))
        images = tf.reshape(X, [-1, 28, 28, 1])
        h = tf.keras.layers.Conv2D(16, 5, strides=2, padding="same", activation="relu")(images)
        h = tf.keras.layers.Conv2D(32, 5, strides=2, padding="same", activation="relu")(h)
        h = tf.reshape(h, [-1, 7 * 7 * 32])
        h = tf.keras.layers.Dense(128, activation="relu")(h)
        logits = tf.keras.layers.Dense(10)(h)
        loss = tf.losses.softmax_cross_entropy(onehot_labels=Y, logits=logits)
        step = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(0.002, step, 300, 0.8)
        hits = tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))
        return SimpleNamespace(
            graph=graph, X=X, Y=Y, logits=logits, loss=loss, prediction=tf.nn.softmax(logits),
            accuracy=tf.reduce_mean(tf.cast(hits, tf.float32)),
            train_op=tf.train.AdamOptimizer(rate).minimize(loss, global_step=step),
        )
# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())

    def accuracy(x, y):
        return float(np.mean([sess.run(net.accuracy, {net.X: x[i::6], net.Y: y[i::6]}) for i in range(6)]))

    acc_trn, acc_val = [], []
    rng = np.random.default_rng()
    for _ in range(6):
        for batch in np.array_split(rng.permutation(60000), 600):
            sess.run(net.train_op, {net.X: x_train[batch], net.Y: y_train_1_hot[batch]})
        acc_trn.append(accuracy(x_train, y_train_1_hot))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return net, sess, acc_trn, acc_val

net, sess, acc_trn, acc_val = deep_training()
