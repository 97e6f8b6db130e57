# Variables and numbers by hand, a dict in place of a namespace.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    net = {"graph": tf.Graph()}
    with net["graph"].as_default():
        net["X"] = tf.placeholder("float", [None, 784])
        net["Y"] = tf.placeholder("float", [None, 10])
        hidden = net["X"]
        for n_in, n_out in ((784, 1500), (1500, 10)):
            if n_in == 1500:
                hidden = tf.maximum(hidden, 0.0)
            bound = np.sqrt(6.0 / (n_in + n_out))
            W = tf.Variable(np.random.uniform(-bound, bound, (n_in, n_out)).astype("float32"))
            b = tf.Variable(np.zeros(n_out, "float32"))
            hidden = tf.matmul(hidden, W) + b
        net["logits"] = hidden
        net["prediction"] = tf.nn.softmax(hidden)
        net["loss"] = tf.reduce_mean(tf.reduce_logsumexp(hidden, axis=1) - tf.reduce_sum(net["Y"] * hidden, axis=1))
        same = tf.equal(tf.argmax(hidden, axis=1), tf.argmax(net["Y"], axis=1))
        net["accuracy"] = tf.reduce_mean(tf.cast(same, "float"))
        net["train_op"] = tf.train.AdamOptimizer(learning_rate).minimize(net["loss"])
    return SimpleNamespace(**net)
# %% learning_rate_sweep
sweep = {}
for exponent in (-4.5, -4, -3.5, -3, -2.5, -2):
    rate = 10**exponent
    net = two_layer_network(rate)
    sess = tf.Session(graph=net.graph)
    short_training(sess, net, n_steps=200)
    sweep[rate] = sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot})
    sess.close()
best_learning_rate = list(sweep)[int(np.argmax(list(sweep.values())))]

def learning_rate_sweep():
    return sweep, best_learning_rate
# %% two_layer_training
net = two_layer_network(0.001)
sess = tf.Session(graph=net.graph)
acc_trn, acc_val = train(sess, net, n_epochs=5, mini_batch_size=200)
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        outputs = tf.unstack(net.prediction, num=10, axis=1)
        ten = []
        for output in outputs:
            ten.append(tf.gradients(output, net.X))
        largest = tf.reduce_max(net.prediction, axis=1)
        return ten, tf.gradients(largest, net.X)
# %% markdown gradients_meaning
# | The largest output is one of the ten. Pixels that make a digit likelier make another one less likely.
