# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    images = images.reshape(images.shape[0], images.shape[1] * images.shape[2])
    pixels = images.astype(float) / 255
    one_hot = np.zeros((len(labels), 10))
    one_hot[np.arange(len(labels)), labels] = 1
    return pixels, one_hot


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)


if ready("prepare_data"):
    x_train, y_train_1_hot = prepare_data(x_train_2d, y_train)
    x_test, y_test_1_hot = prepare_data(x_test_2d, y_test)

# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="fully_connected"):
        W = tf.get_variable("W", shape=[x.shape[-1], n_output],
                            initializer=tf.initializers.glorot_uniform())
        b = tf.get_variable("b", shape=[n_output], initializer=tf.initializers.zeros())
    z = x @ W + b
    return (activation(z), W) if activation else (z, W)

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        logits, W1 = fully_connected_layer(X, 10, name="layer1")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=prediction))
        mask = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1))
        accuracy = tf.reduce_mean(tf.cast(mask, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, W1=W1, prediction=prediction,
                           loss=loss, train_op=train_op, accuracy=accuracy)

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    import random

    with net.graph.as_default():
        sess.run(tf.variables_initializer(tf.global_variables()))
    acc_trn, acc_val = [], []
    everything = {net.X: x_train, net.Y: y_train_1_hot}
    unseen = {net.X: x_test, net.Y: y_test_1_hot}
    for _ in range(n_epochs):
        order = random.sample(range(len(x_train)), len(x_train))
        batches = [order[i:i + mini_batch_size] for i in range(0, len(order), mini_batch_size)]
        for batch in batches:
            sess.run(net.train_op, {net.X: x_train[batch], net.Y: y_train_1_hot[batch]})
        acc_trn.append(sess.run(net.accuracy, everything))
        acc_val.append(sess.run(net.accuracy, unseen))
    return acc_trn, acc_val
