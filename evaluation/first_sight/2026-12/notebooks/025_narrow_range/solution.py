# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        init = tf.glorot_uniform_initializer()
        W1 = tf.get_variable("W1", [784, 1500], initializer=init)
        b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
        W2 = tf.get_variable("W2", [1500, 10], initializer=init)
        b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(X, W1) + b1)
        logits = tf.matmul(h, W2) + b2
        y = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(y, 1), tf.argmax(Y, 1)), tf.float32))
        step = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)
    return SimpleNamespace(graph=g, X=X, Y=Y, logits=logits, prediction=y, loss=loss,
                           train_op=step, accuracy=acc)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in np.linspace(0.001, 0.005, 5):
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
    print("training at", best_learning_rate)
    network = two_layer_network(learning_rate=best_learning_rate)
    session = tf.Session(graph=network.graph)
    return (network, session) + tuple(train(session, network, n_epochs=5))


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    each = []
    with net.graph.as_default():
        outputs = tf.unstack(net.prediction, num=10, axis=1)
        for output in outputs:
            gradient = tf.gradients(output, net.X)
            each.append(gradient[0])
        maximum = tf.reduce_max(net.prediction, 1)
        largest, = tf.gradients(maximum, [net.X])
    return each, largest
