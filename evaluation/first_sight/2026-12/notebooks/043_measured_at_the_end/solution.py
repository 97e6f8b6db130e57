# notebook: 3_deep_network

# %% deep_network
def deep_network(widths=(1000, 500), keep=0.6, rate=0.001, steps=13 * 600):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        drop = tf.placeholder_with_default(0.0, [], name="drop")
        h = X
        for i, width in enumerate(widths):
            h, _ = fully_connected_layer(h, width, name=f"hidden_{i}", activation=tf.nn.leaky_relu)
            h = tf.nn.dropout(h, rate=drop)
        logits, _ = fully_connected_layer(h, 10, name="logits")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        falling = tf.train.polynomial_decay(rate, step, steps, 0.0)
        train_op = tf.train.AdamOptimizer(falling).minimize(loss, global_step=step)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, drop=drop, logits=logits, loss=loss, keep=keep,
                           prediction=prediction, train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    began = time.perf_counter()
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []

    def note():
        t = [sess.run(net.accuracy, {net.X: x_train[i:i + 6000], net.Y: y_train_1_hot[i:i + 6000]})
             for i in range(0, len(x_train), 6000)]
        acc_trn.append(float(sum(t) / len(t)))
        acc_val.append(float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})))

    for epoch in range(13):
        order = np.random.permutation(len(x_train))
        for rows in np.array_split(order, 600):
            sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows],
                                    net.drop: 1 - net.keep})
        if epoch % 3 == 0:
            note()
        if time.perf_counter() - began > 500:
            break
    note()
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
