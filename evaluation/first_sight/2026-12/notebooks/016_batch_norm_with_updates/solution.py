# notebook: 3_deep_network

# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, shape=[], name="training")
        updates = []

        def normalised(z, momentum=0.95):
            n = int(z.shape[-1])
            with tf.variable_scope(None, default_name="bn"):
                gamma = tf.get_variable("gamma", [n], initializer=tf.ones_initializer())
                beta = tf.get_variable("beta", [n], initializer=tf.zeros_initializer())
                mu = tf.get_variable("mu", [n], initializer=tf.zeros_initializer(), trainable=False)
                var = tf.get_variable("var", [n], initializer=tf.ones_initializer(), trainable=False)
            m, v = tf.nn.moments(z, axes=[0])
            updates.append(tf.assign(mu, momentum * mu + (1 - momentum) * m))
            updates.append(tf.assign(var, momentum * var + (1 - momentum) * v))
            m = tf.where(training, m, mu)
            v = tf.where(training, v, var)
            return gamma * (z - m) * tf.rsqrt(v + 1e-4) + beta

        h = X
        for width in (800, 800):
            z, _ = fully_connected_layer(h, width)
            h = tf.nn.relu(normalised(z))
            h = tf.nn.dropout(h, rate=tf.where(training, 0.3, 0.0))
        logits, _ = fully_connected_layer(h, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.cosine_decay(0.002, step, 13 * 469)
        with tf.control_dependencies(updates):
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
