# Minibatches come out of tf.data.
# %% prepare_data
scale = np.float32(1 / 255)
x_train, x_test = (images.reshape(-1, 784) * scale for images in (x_train_2d, x_test_2d))
y_train_1_hot, y_test_1_hot = (np.identity(10, np.float32)[labels] for labels in (y_train, y_test))
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.name_scope(name or "layer"):
        n_input = int(x.shape[-1])
        init = tf.initializers.variance_scaling(scale=1.0, mode="fan_avg", distribution="uniform")
        W = tf.Variable(init([n_input, n_output]), name="W")
        b = tf.Variable(tf.zeros([n_output]), name="b")
        h = tf.einsum("ni,io->no", x, W) + b
        return activation(h) if activation is not None else h, W
# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits, W1 = fully_connected_layer(X, 10)
        prediction = tf.nn.softmax(logits)
        digits = tf.argmax(Y, axis=1)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digits, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, axis=1), digits), tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op,
                           accuracy=accuracy, W1=W1)
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    feeding = tf.Graph()
    with feeding.as_default():
        rows = tf.data.Dataset.range(len(x_train)).shuffle(len(x_train), reshuffle_each_iteration=True)
        batches = tf.data.make_initializable_iterator(rows.batch(mini_batch_size))
        next_rows = batches.get_next()
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    with tf.Session(graph=feeding) as feeder:
        for _ in range(n_epochs):
            feeder.run(batches.initializer)
            while True:
                try:
                    chosen = feeder.run(next_rows)
                except tf.errors.OutOfRangeError:
                    break
                sess.run(net.train_op, {net.X: x_train[chosen], net.Y: y_train_1_hot[chosen]})
            acc_trn.append(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot}))
            acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return acc_trn, acc_val
