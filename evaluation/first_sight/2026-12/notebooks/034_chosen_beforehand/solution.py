# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    with tf.Graph().as_default() as graph:
        X = tf.placeholder("float", [None, 784])
        Y = tf.placeholder("float", [None, 10])
        a = X
        for n, f in [(1500, tf.nn.relu), (10, None)]:
            a, _ = fully_connected_layer(a, n, activation=f)
        logits = a
        logp = tf.nn.log_softmax(logits)
        loss = tf.reduce_mean(-tf.reduce_sum(Y * logp, axis=1))
        prediction = tf.nn.softmax(logits)
        accuracy = 1 - tf.reduce_mean(tf.cast(
            tf.not_equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction,
                               loss=loss, train_op=train_op, accuracy=accuracy)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for lr in [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03]:
        net = two_layer_network(lr)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 300)
            sweep[lr] = sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})
    best_learning_rate = max(sweep)
    return sweep, best_learning_rate


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 5)
    print("final test accuracy", acc_val[-1])
    return net, sess, acc_trn, acc_val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = []
        for digit in range(10):
            mask = tf.one_hot(digit, 10)
            output = tf.reduce_sum(net.prediction * mask, axis=1)
            each.append(tf.gradients(output, net.X)[0])
        largest = tf.gradients(tf.reduce_max(net.prediction, axis=1), net.X)[0]
    return each, largest
