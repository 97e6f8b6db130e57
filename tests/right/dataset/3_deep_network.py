# Batch normalisation by hand, and a rate that falls in steps.
# %% deep_network
N_EPOCHS, SIZE = 10, 100

def normalised(z, switch, updates):
    n = int(z.shape[1])
    mean, variance = tf.nn.moments(z, axes=[0])
    kept_mean = tf.Variable(tf.zeros([n]), trainable=False)
    kept_variance = tf.Variable(tf.ones([n]), trainable=False)
    updates += [tf.assign(kept_mean, 0.95 * kept_mean + 0.05 * mean),
                tf.assign(kept_variance, 0.95 * kept_variance + 0.05 * variance)]
    mean, variance = tf.where(switch, mean, kept_mean), tf.where(switch, variance, kept_variance)
    gamma, beta = tf.Variable(tf.ones([n])), tf.Variable(tf.zeros([n]))
    return tf.nn.batch_normalization(z, mean, variance, beta, gamma, 1e-3)

def deep_network():
    graph, updates = tf.Graph(), []
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        switch = tf.placeholder_with_default(False, shape=[])
        h = X
        for width in (600, 600):
            z, _ = fully_connected_layer(h, width)
            h = tf.nn.relu(normalised(z, switch, updates))
            h = tf.nn.dropout(h, rate=tf.where(switch, 0.3, 0.0))
        logits, _ = fully_connected_layer(h, 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, axis=1), tf.argmax(Y, axis=1)), tf.float32))
        counter = tf.train.get_or_create_global_step()
        bounds = [6 * 60000 // SIZE, 8 * 60000 // SIZE]
        rate = tf.train.piecewise_constant(counter, [int(b) for b in bounds], [0.001, 0.0003, 0.0001])
        with tf.control_dependencies(updates):
            train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=counter)
        prediction = tf.nn.softmax(logits)
    return SimpleNamespace(graph=graph, X=X, Y=Y, switch=switch, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for _ in range(N_EPOCHS):
        for chosen in np.split(np.random.permutation(60000), 60000 // SIZE):
            sess.run(net.train_op, {net.X: x_train[chosen], net.Y: y_train_1_hot[chosen], net.switch: True})
        parts = zip(np.split(x_train, 10), np.split(y_train_1_hot, 10))
        acc_trn.append(float(np.mean([sess.run(net.accuracy, {net.X: x, net.Y: y}) for x, y in parts])))
        acc_val.append(float(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})))
    return net, sess, acc_trn, acc_val

net, sess, acc_trn, acc_val = deep_training()
