# notebook: 3_deep_network

# %% deep_network
def batch_norm(z, training, updates):
    n = z.shape[-1]
    with tf.variable_scope(None, default_name="batch_norm"):
        scale = tf.get_variable("scale", [n], initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", [n], initializer=tf.zeros_initializer())
        mean_use = tf.get_variable("mean", [n], initializer=tf.zeros_initializer(), trainable=False)
        var_use = tf.get_variable("var", [n], initializer=tf.ones_initializer(), trainable=False)
    mean, var = tf.nn.moments(z, axes=[0])
    updates += [tf.assign(mean_use, 0.9 * mean_use + 0.1 * mean),
                tf.assign(var_use, 0.9 * var_use + 0.1 * var)]
    m, v = tf.where(training, mean, mean_use), tf.where(training, var, var_use)
    return tf.nn.batch_normalization(z, m, v, shift, scale, 0.001)


def deep_network():
    graph = tf.Graph()
    updates = []
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, shape=[])
        h = X
        for n in [512, 512, 512]:
            h = tf.nn.relu(batch_norm(fully_connected_layer(h, n)[0], training, updates))
        logits, _ = fully_connected_layer(h, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(0.002, step, 13 * 469, 0.0)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    return SimpleNamespace(graph=graph, X=X, Y=Y, training=training, logits=logits,
                           prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(13):
        order = np.random.permutation(len(x_train))
        for batch in np.array_split(order, 469):
            sess.run(net.train_op, {net.X: x_train[batch], net.Y: y_train_1_hot[batch],
                                    net.training: True})
        chunks = np.split(np.arange(len(x_train)), 6)
        acc_trn.append(float(np.mean([
            sess.run(net.accuracy, {net.X: x_train[c], net.Y: y_train_1_hot[c]}) for c in chunks])))
        acc_val.append(float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})))
        print(f"{epoch + 1}: {acc_trn[-1]:.4f} {acc_val[-1]:.4f}")
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
