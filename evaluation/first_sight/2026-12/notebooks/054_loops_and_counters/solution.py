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
    acc_trn = []
    acc_val = []
    index = np.arange(len(x_train))
    epoch = 0
    while epoch < n_epochs:
        np.random.shuffle(index)
        i = 0
        while i < len(x_train):
            batch = index[i:i + mini_batch_size]
            feed = {net.X: x_train[batch], net.Y: y_train_1_hot[batch]}
            sess.run(net.train_op, feed_dict=feed)
            i += mini_batch_size
        a = sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot})
        acc_trn.append(a)
        b = sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot})
        acc_val.append(b)
        epoch += 1
    return acc_trn, acc_val
