# notebook: 2_two_layers

# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        hidden = tf.keras.layers.Dense(1500, activation="relu")(X)
        logits = tf.keras.layers.Dense(10)(hidden)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(
            tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    parts = dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction)
    return SimpleNamespace(loss=loss, train_op=train_op, accuracy=accuracy, **parts)

# %% learning_rate_sweep
def learning_rate_sweep():
    sweep = {}
    for rate in [0.0001, 0.001, 0.003, 0.01, 0.1]:
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, 400)
            feed = {net.X: x_train[:10000], net.Y: y_train_1_hot[:10000]}
            sweep[rate] = float(sess.run(net.accuracy, feed_dict=feed))
    return sweep, max(sweep, key=lambda r: sweep[r])


if ready("two_layer_network", "learning_rate_sweep"):
    sweep, best_learning_rate = learning_rate_sweep()

# %% two_layer_training
def two_layer_training():
    EPOCHS = 5
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    result = train(sess, net, EPOCHS)
    acc_trn = result[0]
    acc_val = result[1]
    return net, sess, acc_trn, acc_val


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()


if ready("two_layer_network", "best_learning_rate", "two_layer_training"):
    net, sess, acc_trn, acc_val = two_layer_training()

# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        p = net.prediction
        n = tf.shape(p)[0]
        each = [
            tf.gradients(p, net.X, grad_ys=tf.tile(tf.one_hot([k], 10), [n, 1]))[0]
            for k in range(10)
        ]
        winner = tf.one_hot(tf.argmax(p, axis=1), 10)
        largest = tf.gradients(p, net.X, grad_ys=winner)[0]
    return each, largest
