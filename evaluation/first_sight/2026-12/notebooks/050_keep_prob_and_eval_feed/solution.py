# notebook: 3_deep_network

# %% deep_network
def deep_network():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        keep_prob = tf.placeholder(tf.float32, shape=[])
        lr = tf.placeholder_with_default(0.001, shape=[])

        def dense(x, n_in, n_out):
            W = tf.Variable(tf.truncated_normal([n_in, n_out], stddev=np.sqrt(2 / n_in)))
            b = tf.Variable(tf.zeros([n_out]))
            return tf.matmul(x, W) + b

        h = tf.nn.dropout(tf.nn.relu(dense(X, 784, 1024)), rate=1 - keep_prob)
        h = tf.nn.dropout(tf.nn.relu(dense(h, 1024, 1024)), rate=1 - keep_prob)
        logits = dense(h, 1024, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(lr).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=g, X=X, Y=Y, keep_prob=keep_prob, lr=lr, logits=logits,
                           prediction=prediction, loss=loss, train_op=train_op,
                           accuracy=accuracy, eval_feed={keep_prob: 1.0})

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    epochs, batch = 14, 128
    for epoch in range(epochs):
        perm = np.random.permutation(len(x_train))
        lr = 0.001 * (1 - epoch / epochs)
        for k in range(0, len(perm), batch):
            b = perm[k:k + batch]
            sess.run(net.train_op, {net.X: x_train[b], net.Y: y_train_1_hot[b],
                                    net.keep_prob: 0.5, net.lr: lr})
        a = [sess.run(net.accuracy, {net.X: x, net.Y: y, **net.eval_feed})
             for x, y in zip(np.array_split(x_train, 6), np.array_split(y_train_1_hot, 6))]
        acc_trn.append(np.mean(a))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot, net.keep_prob: 1.0}))
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
