# notebook: 3_deep_network

# %% deep_network
def deep_network():
    def conv(x, k, c, stride):
        with tf.variable_scope(None, default_name="conv"):
            w = tf.get_variable("w", [k, k, int(x.shape[-1]), c], initializer=tf.initializers.he_normal())
            b = tf.get_variable("b", [c], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.nn.conv2d(x, w, [1, stride, stride, 1], "SAME") + b)

    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        images = tf.reshape(X, [-1, 28, 28, 1])
        h = conv(images, 5, 16, 2)
        h = conv(h, 3, 32, 2)
        h = tf.reshape(h, [-1, 7 * 7 * 32])
        h, _ = fully_connected_layer(h, 128, activation=tf.nn.relu)
        logits, _ = fully_connected_layer(h, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(0.002, step, 938, 0.7)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training(n_epochs=8, batch_size=64):
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())

    def measure(images, labels):
        right = 0
        for i in range(0, len(images), 2000):
            out = sess.run(net.logits, {net.X: images[i:i + 2000]})
            right += np.sum(out.argmax(1) == labels[i:i + 2000].argmax(1))
        return right / len(images)

    acc_trn, acc_val = [], []
    for _ in range(n_epochs):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), batch_size):
            r = order[i:i + batch_size]
            sess.run(net.train_op, {net.X: x_train[r], net.Y: y_train_1_hot[r]})
        acc_trn.append(measure(x_train, y_train_1_hot))
        acc_val.append(measure(x_test, y_test_1_hot))
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
