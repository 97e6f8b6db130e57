# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    net = SimpleNamespace()
    net.graph = tf.Graph()
    with net.graph.as_default():
        net.X = tf.placeholder(tf.float32, shape=(None, 784))
        net.Y = tf.placeholder(tf.float32, shape=(None, 10))
        layer1, net.W1 = fully_connected_layer(net.X, 1500, "hidden", tf.nn.relu)
        net.logits, net.W2 = fully_connected_layer(layer1, 10, "output")
        net.prediction = tf.nn.softmax(net.logits)
        net.loss = tf.losses.softmax_cross_entropy(net.Y, net.logits)
        net.accuracy = tf.reduce_mean(tf.cast(tf.equal(
            tf.argmax(net.prediction, 1), tf.argmax(net.Y, 1)), tf.float32))
        net.train_op = tf.train.AdamOptimizer(learning_rate).minimize(net.loss)
    return net

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in np.logspace(-4, -1, 7):
        net = two_layer_network()
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 300)
            sweep[float(rate)] = float(
                sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
    return sweep, max(sweep, key=sweep.get)


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(learning_rate=best_learning_rate)
    with net.graph.as_default():
        sess = tf.Session()
    trn, val = train(sess, net, n_epochs=5, mini_batch_size=64)
    return net, sess, trn, val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    def slope(y):
        return tf.gradients(ys=y, xs=net.X)[0]

    with net.graph.as_default():
        each = list(map(slope, [net.prediction[:, d] for d in range(10)]))
        return each, slope(tf.reduce_max(net.prediction, axis=-1))
