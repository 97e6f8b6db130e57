# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    # create the graph
    graph = tf.Graph()
    with graph.as_default():
        # the inputs
        X = tf.placeholder(tf.float32, shape=[None, 784])
        Y = tf.placeholder(tf.float32, shape=[None, 10])
        # hidden layer: 1500 neurons and relu
        L1, W1 = fully_connected_layer(x=X, n_output=1500, name="L1", activation=tf.nn.relu)
        # output layer: no activation because the loss does the softmax!
        L2, W2 = fully_connected_layer(x=L1, n_output=10, name="L2", activation=None)
        logits = L2
        prediction = tf.nn.softmax(logits)
        # loss
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits)
        loss = tf.reduce_mean(cross_entropy)
        # accuracy
        predicted_digit = tf.argmax(prediction, axis=1)
        true_digit = tf.argmax(Y, axis=1)
        is_correct = tf.equal(predicted_digit, true_digit)
        accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))
        # training
        optimizer = tf.train.AdamOptimizer(learning_rate=learning_rate)
        train_op = optimizer.minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% learning_rate_sweep
def learning_rate_sweep():
    learning_rates = [0.0001 * 3 ** k for k in range(6)]
    sweep = dict()
    for learning_rate in learning_rates:
        print("trying", learning_rate)
        net = two_layer_network(learning_rate)
        test_feed = {net.X: x_test, net.Y: y_test_1_hot}
        with tf.Session(graph=net.graph) as session:
            _ = short_training(session, net, 400)
            test_accuracy = session.run(net.accuracy, feed_dict=test_feed)
        sweep[learning_rate] = test_accuracy
        print("    reached", test_accuracy)
    highest = max(sweep.values())
    for learning_rate in learning_rates:
        if sweep[learning_rate] == highest:
            return sweep, learning_rate


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    with tf.Session(graph=net.graph) as sess:
        acc_trn, acc_val = train(sess, net, 5)
    return net, sess, acc_trn, acc_val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    graph = net.graph
    each = []
    with graph.as_default():
        for digit in range(10):
            probability = net.prediction[:, digit]
            gradients = tf.gradients(probability, net.X)
            each.append(gradients[0])
        largest_probability = tf.reduce_max(net.prediction, axis=1)
        largest = tf.gradients(largest_probability, net.X)[0]
    return each, largest
