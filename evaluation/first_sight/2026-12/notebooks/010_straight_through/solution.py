# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    pixels = images.reshape(len(images), -1) / 255
    one_hot = np.eye(10)[labels]
    return pixels, one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="dense"):
        W = tf.get_variable("W", [int(x.shape[-1]), n_output],
                            initializer=tf.glorot_uniform_initializer())
        bias = tf.get_variable("bias", [n_output], initializer=tf.zeros_initializer())
        h = tf.matmul(x, W) + bias
        if activation is not None:
            h = activation(h)
    return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        logits, W1 = fully_connected_layer(X, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        mask = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(mask, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, W1=W1, prediction=prediction,
                           loss=loss, train_op=train_op, accuracy=accuracy)

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        for start in range(0, len(x_train), mini_batch_size):
            end = start + mini_batch_size
            sess.run(net.train_op, feed_dict={net.X: x_train[start:end],
                                              net.Y: y_train_1_hot[start:end]})
        acc_trn.append(sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
    return acc_trn, acc_val
