# notebook: 1_one_layer

# %% prepare_data
def prepare_data(images, labels):
    pixels = np.zeros((len(images), 784))
    for i in range(len(images)):
        pixels[i] = images[i].flatten() / 255.0
    one_hot = np.zeros((len(labels), 10))
    for i, digit in enumerate(labels):
        one_hot[i, digit] = 1.0
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
        shape = [int(x.shape[1]), n_output]
        W = tf.get_variable("W", shape, initializer=tf.keras.initializers.glorot_uniform())
        b = tf.get_variable("b", [n_output], initializer=tf.constant_initializer(0.0))
        z = tf.add(tf.matmul(x, W), b)
        if activation == None:
            h = z
        else:
            h = activation(z)
        return h, W

# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, shape=[None, 784])
        Y = tf.placeholder(tf.float32, shape=[None, 10])
        result = fully_connected_layer(X, 10, "layer_1", None)
        logits = result[0]
        W1 = result[1]
        prediction = tf.nn.softmax(logits)
        losses = tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits)
        loss = tf.reduce_mean(losses)
        correct_prediction = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        opt = tf.train.AdamOptimizer(learning_rate)
        train_op = opt.minimize(loss)
    return SimpleNamespace(graph=g, X=X, Y=Y, logits=logits, W1=W1, prediction=prediction,
                           loss=loss, train_op=train_op, accuracy=accuracy)

# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        shuffled = np.random.permutation(len(x_train))
        for start in range(0, len(x_train), mini_batch_size):
            pick = shuffled[start:start + mini_batch_size]
            sess.run(net.train_op, feed_dict={net.X: x_train[pick], net.Y: y_train_1_hot[pick]})
        acc_trn.append(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test[:1000], net.Y: y_test_1_hot[:1000]}))
        print(epoch, acc_trn, acc_val)
    return acc_trn, acc_val
