# notebook: 3_deep_network

# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, [])
        sizes = [784, 1024, 1024, 10]
        params = [(tf.Variable(tf.random_normal([a, b], stddev=(2 / a) ** 0.5)),
                   tf.Variable(tf.zeros([b]))) for a, b in zip(sizes[:-1], sizes[1:])]

        def forward(weights, drop):
            h = X
            for i, (w, b) in enumerate(weights):
                h = tf.matmul(h, w) + b
                if i < 2:
                    h = tf.nn.dropout(tf.nn.relu(h), rate=drop)
            return h

        noisy = forward(params, tf.where(training, 0.4, 0.0))
        train_loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=noisy))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(0.001, step, 15 * 469, 0.00005)
        adam = tf.train.AdamOptimizer(rate).minimize(train_loss, global_step=step)
        ema = tf.train.ExponentialMovingAverage(0.999)
        with tf.control_dependencies([adam]):
            train_op = ema.apply([v for pair in params for v in pair])
        logits = forward([(ema.average(w), ema.average(b)) for w, b in params], 0.0)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        prediction = tf.nn.softmax(logits)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, training=training, logits=logits, loss=loss,
                           prediction=prediction, train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    trn, val = [], []
    for epoch in range(15):
        order = np.random.permutation(len(x_train))
        for s in range(0, len(order), 128):
            rows = order[s:s + 128]
            sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows], net.training: True})
        trn.append(np.mean([sess.run(net.accuracy, {net.X: x_train[i::6], net.Y: y_train_1_hot[i::6]})
                            for i in range(6)]))
        val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return net, sess, trn, val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
