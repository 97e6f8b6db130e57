# Variables and numbers by hand, a dict in place of a namespace.
# %% prepare_data
x_train = np.zeros((60000, 784), dtype="float32")
x_test = np.zeros((10000, 784), dtype="float32")
y_train_1_hot = np.zeros((60000, 10))
y_test_1_hot = np.zeros((10000, 10))
for images, flat in ((x_train_2d, x_train), (x_test_2d, x_test)):
    for i in range(len(images)):
        flat[i] = images[i].flatten() / 255.0
for labels, hot in ((y_train, y_train_1_hot), (y_test, y_test_1_hot)):
    for i in range(len(labels)):
        hot[i, labels[i]] = 1
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    n_input = int(x.shape[1])
    bound = np.sqrt(6.0 / (n_input + n_output))
    start = np.random.uniform(-bound, bound, size=(n_input, n_output)).astype(np.float32)
    W = tf.Variable(start, name=(name or "fc") + "_W")
    b = tf.Variable(np.zeros(n_output, np.float32), name=(name or "fc") + "_b")
    z = tf.add(tf.matmul(x, W), b)
    if activation is None:
        return z, W
    return activation(z), W
# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    net = {"graph": tf.Graph()}
    with net["graph"].as_default():
        net["X"] = tf.placeholder("float", [None, 784])
        net["Y"] = tf.placeholder("float", [None, 10])
        net["logits"], net["W1"] = fully_connected_layer(net["X"], 10)
        net["prediction"] = tf.exp(net["logits"]) / tf.reduce_sum(tf.exp(net["logits"]), axis=1, keepdims=True)
        each = tf.nn.softmax_cross_entropy_with_logits_v2(logits=net["logits"], labels=net["Y"])
        net["loss"] = tf.reduce_sum(each) / tf.cast(tf.shape(each)[0], tf.float32)
        same = tf.equal(tf.argmax(net["logits"], axis=1), tf.argmax(net["Y"], axis=1))
        net["accuracy"] = tf.reduce_mean(tf.cast(same, "float"))
        optimizer = tf.train.AdamOptimizer(learning_rate=learning_rate)
        net["train_op"] = optimizer.apply_gradients(optimizer.compute_gradients(net["loss"]))
    return SimpleNamespace(**net)
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        init = tf.global_variables_initializer()
    sess.run(init)
    acc_trn = np.zeros(n_epochs)
    acc_val = np.zeros(n_epochs)
    index = np.arange(60000)
    for epoch in range(n_epochs):
        np.random.shuffle(index)
        i = 0
        while i < len(index):
            chosen = index[i : i + mini_batch_size]
            sess.run(net.train_op, feed_dict={net.X: x_train[chosen], net.Y: y_train_1_hot[chosen]})
            i += mini_batch_size
        acc_trn[epoch] = net.accuracy.eval({net.X: x_train, net.Y: y_train_1_hot}, session=sess)
        acc_val[epoch] = net.accuracy.eval({net.X: x_test, net.Y: y_test_1_hot}, session=sess)
    return acc_trn, acc_val
