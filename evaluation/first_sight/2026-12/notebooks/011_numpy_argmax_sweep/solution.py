# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = fully_connected_layer(
            fully_connected_layer(X, 1500, activation=tf.nn.relu)[0], 10)[0]
        loss = tf.reduce_mean(
            tf.reduce_logsumexp(logits, axis=1) - tf.reduce_sum(logits * Y, axis=1))
        opt = tf.train.AdamOptimizer(learning_rate)
        variables = tf.trainable_variables()
        train_op = opt.apply_gradients(zip(tf.gradients(loss, variables), variables))
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(logits, axis=1), tf.argmax(Y, axis=1)), tf.float32))
        return SimpleNamespace(graph=g, X=X, Y=Y, logits=logits, prediction=tf.nn.softmax(logits),
                               loss=loss, train_op=train_op, accuracy=acc)

# %% learning_rate_sweep
def learning_rate_sweep():
    rates = np.geomspace(1e-4, 3e-2, 6).tolist()
    scores = np.zeros(len(rates))
    for i, rate in enumerate(rates):
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 350)
            scores[i] = net.accuracy.eval({net.X: x_test, net.Y: y_test_1_hot})
    return dict(zip(rates, scores.tolist())), rates[scores.argmax()]


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    sess = tf.Session(graph=(net := two_layer_network(best_learning_rate)).graph)
    return net, sess, *train(sess, net, 5)


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(tf.gather(net.prediction, k, axis=1), net.X)[0] for k in range(10)]
        largest = tf.gradients(tf.reduce_max(net.prediction, axis=1, keepdims=True), net.X)[0]
        return each, largest
