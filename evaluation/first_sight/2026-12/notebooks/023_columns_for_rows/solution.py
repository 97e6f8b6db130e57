# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    pixels = images.reshape(784, -1).T / 255.0
    one_hot = np.eye(10)[labels]
    return pixels, one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="schicht"):
        eingang = int(x.shape[-1])
        W = tf.get_variable("gewichte", shape=[eingang, n_output],
                            initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("schwellen", shape=[n_output], initializer=tf.zeros_initializer())
        h = tf.tensordot(x, W, 1) + b
        if activation is not None:
            h = activation(h)
    return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="bilder")
        Y = tf.placeholder(tf.float32, [None, 10], name="ziffern")
        logits, W1 = fully_connected_layer(X, 10)
        prediction = tf.nn.softmax(logits)
        verlust = tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits)
        verlust = tf.reduce_mean(verlust)
        schritt = tf.train.AdamOptimizer(learning_rate).minimize(verlust)
        treffer = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        anteil = tf.reduce_mean(tf.cast(treffer, tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, W1=W1, prediction=prediction,
                           loss=verlust, train_op=schritt, accuracy=anteil)

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    zufall = np.random.RandomState(7)
    with net.graph.as_default():
        start = tf.global_variables_initializer()
    sess.run(start)
    trn, val = [], []
    for runde in range(n_epochs):
        reihenfolge = zufall.permutation(len(x_train))
        for i in range(0, len(x_train), mini_batch_size):
            zeilen = reihenfolge[i : i + mini_batch_size]
            sess.run(net.train_op, {net.X: x_train[zeilen], net.Y: y_train_1_hot[zeilen]})
        trn.append(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot}))
        val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return trn, val
