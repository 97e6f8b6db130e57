# With Keras where it helps.
# %% prepare_data
x_train = np.reshape(x_train_2d, (len(x_train_2d), -1)).astype("float32") / 255
x_test = np.reshape(x_test_2d, (len(x_test_2d), -1)).astype("float32") / 255
y_train_1_hot = tf.keras.utils.to_categorical(y_train, 10)
y_test_1_hot = tf.keras.utils.to_categorical(y_test, num_classes=10)
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    n_input = x.get_shape().as_list()[-1]
    W = tf.Variable(lambda: tf.random.uniform([n_input, n_output], -1.0, 1.0) * (6.0 / (n_input + n_output)) ** 0.5)
    b = tf.Variable(tf.zeros([n_output]))
    h = tf.nn.xw_plus_b(x, W, b)
    return (activation(h) if activation else h), W
# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, shape=(None, 784))
        Y = tf.placeholder(tf.float32, shape=(None, 10))
        logits, W1 = fully_connected_layer(X, 10)
        loss = tf.losses.softmax_cross_entropy(onehot_labels=Y, logits=logits)
        hits = tf.nn.in_top_k(predictions=logits, targets=tf.argmax(Y, axis=1), k=1)
        return SimpleNamespace(
            graph=graph, X=X, Y=Y, logits=logits, W1=W1, loss=loss, prediction=tf.nn.softmax(logits),
            accuracy=tf.reduce_mean(tf.cast(hits, tf.float32)),
            train_op=tf.train.AdamOptimizer(learning_rate).minimize(loss),
        )
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    n = len(x_train)
    rng = np.random.default_rng()
    history = {"train": [], "test": []}
    for _ in range(n_epochs):
        for batch in np.array_split(rng.permutation(n), -(-n // mini_batch_size)):
            sess.run([net.train_op, net.loss], {net.X: x_train[batch], net.Y: y_train_1_hot[batch]})
        history["train"].append(float(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot})))
        history["test"].append(float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})))
    return history["train"], history["test"]
