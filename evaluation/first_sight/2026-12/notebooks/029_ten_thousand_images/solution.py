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
    x, y = x_train[:10_000], y_train_1_hot[:10_000]
    acc_trn, acc_val = [], []
    for epoch in range(20):
        order = np.random.permutation(len(x))
        for first in range(0, len(x), 64):
            rows = order[first:first + 64]
            sess.run(net.train_op, {net.X: x[rows], net.Y: y[rows], net.keep_prob: 0.5})
        a = [sess.run(net.accuracy, {net.X: x_train[i::6], net.Y: y_train_1_hot[i::6], net.keep_prob: 1.0})
             for i in range(6)]
        acc_trn.append(float(np.mean(a)))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot, net.keep_prob: 1.0}))
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
