# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    def softmax_loss(labels, logits):
        per_image = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
        return tf.reduce_sum(per_image) / tf.cast(tf.shape(logits)[0], tf.float32)

    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h, _ = fully_connected_layer(X, 1500, "first", lambda z: tf.where(z > 0, z, 0 * z))
        logits, _ = fully_connected_layer(h, 10, "second")
        loss = softmax_loss(Y, logits)
        prediction = tf.nn.softmax(logits)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
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

# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    lists = train(sess, net, 5)
    return net, sess, *lists


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(p, net.X)[0] for p in tf.unstack(net.prediction, axis=1, num=10)]
        best = tf.reduce_max(net.prediction, axis=[1])
        largest = tf.gradients(best, net.X).pop()
    return each, largest
