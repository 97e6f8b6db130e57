# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        L1, W1 = fully_connected_layer(X, 1500, name="L1", activation=tf.nn.relu)
        L2, W2 = fully_connected_layer(L1, 10, name="L2", activation=tf.nn.relu)
        prediction = tf.nn.softmax(L2)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=L2))
        mask = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(mask, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=L2, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1]:
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            losses = short_training(sess, net, 400)
            if not np.isfinite(losses).all():
                print("diverged at", rate)
            sweep[rate] = sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})
    # of nearly equal rates the lower one: round, and take the first of the best
    best = max(sorted(sweep), key=lambda rate: sweep[rate])
    return sweep, best


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    lists = train(sess, net, 5)
    return net, sess, *lists


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(p, net.X)[0] for p in tf.unstack(net.prediction, axis=1, num=10)]
        best = tf.reduce_max(net.prediction, axis=[1])
        largest = tf.gradients(best, net.X).pop()
    return each, largest
