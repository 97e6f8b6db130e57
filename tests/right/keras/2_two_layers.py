# With Keras where it helps.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, shape=(None, 784))
        Y = tf.placeholder(tf.float32, shape=(None, 10))
        hidden = tf.keras.layers.Dense(1500, activation="relu")(X)
        logits = tf.keras.layers.Dense(10)(hidden)
        loss = tf.losses.softmax_cross_entropy(onehot_labels=Y, logits=logits)
        hits = tf.nn.in_top_k(predictions=logits, targets=tf.argmax(Y, axis=1), k=1)
        return SimpleNamespace(
            graph=graph, X=X, Y=Y, logits=logits, loss=loss, prediction=tf.nn.softmax(logits),
            accuracy=tf.reduce_mean(tf.cast(hits, tf.float32)),
            train_op=tf.train.AdamOptimizer(learning_rate).minimize(loss),
        )
# %% learning_rate_sweep
def learning_rate_sweep():
    def after_short_training(rate):
        net = two_layer_network(rate)
        with tf.Session(graph=net.graph) as sess:
            short_training(sess, net, n_steps=300)
            return sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})

    sweep = {rate: after_short_training(rate) for rate in (1e-5, 1e-4, 5e-4, 1e-3, 2e-3, 1e-2)}
    best, _ = max(sweep.items(), key=lambda item: item[1])
    return sweep, best

sweep, best_learning_rate = learning_rate_sweep()
# %% two_layer_training
def two_layer_training():
    net = two_layer_network(best_learning_rate)
    sess = tf.Session(graph=net.graph)
    return (net, sess, *train(sess, net, 5, 256))

net, sess, acc_trn, acc_val = two_layer_training()
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        probabilities = tf.nn.softmax(net.logits, axis=-1)
        each = tf.stack([tf.gradients(probabilities[:, digit], net.X)[0] for digit in range(10)])
        largest, = tf.gradients(tf.math.reduce_max(probabilities, axis=-1), [net.X])
    return each, largest
# %% markdown gradients_meaning
# | The largest output is one of the ten. Pixels that make a digit likelier make another one less likely.
