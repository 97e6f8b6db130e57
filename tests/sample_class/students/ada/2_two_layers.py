# Right, in the notebook's own style.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    """784 pixels, 1500 neurons with ReLU, 10 neurons."""
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        hidden, _ = fully_connected_layer(X, 1500, name="hidden", activation=tf.nn.relu)
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
    """Test accuracy after 150 steps at five rates."""
    sweep = {}
    for rate in [0.00003, 0.0003, 0.003, 0.03, 0.3]:
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, n_steps=150)
            sweep[rate] = float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return sweep, max(sweep, key=sweep.get)


sweep, best_learning_rate = learning_rate_sweep()
# %% two_layer_training
def two_layer_training():
    """Five epochs at the best rate, in larger minibatches: they take less time."""
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 5, mini_batch_size=250)
    return net, sess, acc_trn, acc_val


net, sess, acc_trn, acc_val = two_layer_training()
# %% input_gradients
def input_gradients(net):
    """Gradients of the ten probabilities, and of the largest, with respect to the pixels."""
    with net.graph.as_default():
        each = [tf.gradients(net.prediction[:, digit], net.X)[0] for digit in range(10)]
        largest = tf.gradients(tf.reduce_max(net.prediction, axis=1), net.X)[0]
    return each, largest
# %% markdown gradients_meaning
# | 1. The largest output is one of the ten, so its gradient is the gradient of the digit that was found.
# | 2. The probabilities add up to one and their gradients to zero, so what one digit gains its strongest rival loses.
# | 3. In the row of the 4, ink that closes the top would make it a 9, and I would draw it like that too.
# | 4. Single pixels count, not strokes. Many tiny changes in the right places could mislead the network.
