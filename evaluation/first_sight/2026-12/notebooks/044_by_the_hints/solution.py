# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        hidden, _ = fully_connected_layer(X, 1500, activation=tf.nn.relu)
        logits, _ = fully_connected_layer(hidden, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03]:
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 400)
            sweep[rate] = sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot})
    best_learning_rate = max(sweep, key=sweep.get)
    return sweep, best_learning_rate


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 5)
    return net, sess, acc_trn, acc_val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(net.prediction[:, k], net.X)[0] for k in range(10)]
        largest = tf.gradients(tf.reduce_max(net.prediction, axis=1), net.X)[0]
    return each, largest
