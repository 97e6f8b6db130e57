# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        z1, _ = fully_connected_layer(X, 1500)
        a1 = tf.maximum(z1, 0)
        z2, _ = fully_connected_layer(a1, 10)
        a2 = tf.nn.softmax(z2)
        J = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z2))
        right = tf.equal(tf.argmax(a2, 1), tf.argmax(Y, 1))
        acc = tf.reduce_mean(tf.cast(right, tf.float32))
        op = tf.train.AdamOptimizer(learning_rate).minimize(J)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=z2, prediction=a2, loss=J, train_op=op,
                           accuracy=acc)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in [0.0001, 0.0005, 0.002, 0.01, 0.05]:
        net = two_layer_network(rate)
        with net.graph.as_default(), tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in range(400):
                rows = np.random.randint(len(x_train), size=64)
                sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
            sweep[rate] = sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})
    best = sorted(sweep, key=lambda r: -sweep[r])[0]
    return sweep, best


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(5):
        order = np.random.permutation(len(x_train))
        for first in range(0, len(order), 64):
            rows = order[first : first + 64]
            sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        parts = [sess.run(net.accuracy, {net.X: x, net.Y: y}) for x, y in
                 zip(np.split(x_train, 6), np.split(y_train_1_hot, 6))]
        acc_trn.append(float(np.mean(parts)))
        acc_val.append(float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})))
    return net, sess, acc_trn, acc_val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(net.logits[:, i], net.X)[0] for i in range(10)]
        largest = tf.gradients(tf.reduce_max(net.logits, axis=1), net.X)[0]
    return each, largest
