# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    """Scale and flatten the images, encode the labels."""
    MAX_GREY = 255
    n_images = len(images)
    pixels = np.reshape(images, (n_images, -1)) / MAX_GREY
    one_hot = np.array([[1.0 if digit == k else 0.0 for k in range(10)] for digit in labels])
    return pixels, one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    scope = tf.variable_scope(name) if name is not None else tf.variable_scope(None, "dense")
    with scope:
        W = tf.get_variable("W", [int(x.shape[-1]), int(n_output)], tf.float32,
                            tf.glorot_uniform_initializer())
        bias = tf.get_variable("bias", [int(n_output)], tf.float32, tf.zeros_initializer())
        Z = tf.matmul(x, W) + bias
        h = Z
        if activation is not None:
            h = activation(Z)
    return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    # 1. A graph of its own
    graph = tf.Graph()
    with graph.as_default():
        # 2. X and Y
        X = tf.placeholder(tf.float32, shape=(None, 28 * 28), name="X")
        Y = tf.placeholder(tf.float32, shape=(None, 10), name="Y")
        # 3. logits and W1
        logits, W1 = fully_connected_layer(X, 10, name="layer1")
        # 4. prediction
        prediction = tf.nn.softmax(logits, name="prediction")
        # 5. loss
        digit = tf.argmax(Y, axis=1)
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digit, logits=logits))
        # 6. accuracy
        accuracy = tf.reduce_mean(
            tf.cast(tf.equal(tf.argmax(prediction, axis=1), digit), tf.float32))
        # 7. train_op
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    # 8. all parts
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, W1=W1, prediction=prediction,
                           loss=loss, train_op=train_op, accuracy=accuracy)

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    def score(images, one_hot, chunk=5000):
        right = 0.0
        for a in range(0, len(images), chunk):
            feed = {net.X: images[a:a + chunk], net.Y: one_hot[a:a + chunk]}
            right += sess.run(net.accuracy, feed) * len(images[a:a + chunk])
        return right / len(images)

    with net.graph.as_default():
        initialise = tf.global_variables_initializer()
    sess.run(initialise)
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        order = np.random.permutation(len(x_train))
        total, count = 0.0, 0
        for start in range(0, len(x_train), mini_batch_size):
            rows = order[start:start + mini_batch_size]
            feed = {net.X: x_train[rows], net.Y: y_train_1_hot[rows]}
            _, batch_loss = sess.run([net.train_op, net.loss], feed_dict=feed)
            total, count = total + batch_loss, count + 1
        acc_trn.append(score(x_train, y_train_1_hot))
        acc_val.append(score(x_test, y_test_1_hot))
        print("epoch", epoch + 1, "loss", total / count, "test", acc_val[-1])
    return acc_trn, acc_val
