# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        with tf.name_scope("io"):
            X = tf.placeholder(tf.float32, [None, 784], name="X")
            Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        h, W1 = fully_connected_layer(X, 1500, name="layer1", activation=tf.nn.relu)
        logits, W2 = fully_connected_layer(h, 10, name="layer2")
        prediction = tf.nn.softmax(logits, name="prediction")
        with tf.name_scope("loss"):
            digit = tf.argmax(Y, 1)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digit, logits=logits))
        with tf.name_scope("accuracy"):
            accuracy = tf.reduce_mean(tf.cast(
                tf.equal(tf.argmax(prediction, 1), digit), tf.float32))
        with tf.name_scope("adam"):
            train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}

    def measure(rate):
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 300)
            sweep[rate] = float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))

    for rate in (0.0001, 0.001, 0.01, 0.1):
        measure(rate)
    center = max(sweep, key=sweep.get)
    for rate in (center / 3, center * 3):
        measure(rate)
    return sweep, max(sweep, key=sweep.get)


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(learning_rate=0.03)
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 5)
    return net, sess, acc_trn, acc_val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default(), tf.name_scope("gradients_wrt_input"):
        each = []
        for d in range(10):
            each += tf.gradients(net.prediction[:, d], net.X)
        largest = tf.gradients(tf.reduce_max(net.prediction, axis=1), net.X)
    return each, largest[0]
