# As short as can be: momentum, a little weight decay, a cosine for a rate.
# %% deep_network
EPOCHS, SIZE = 10, 100

def deep_network():
    with tf.Graph().as_default() as g:
        X, Y = (tf.placeholder(tf.float32, (None, n)) for n in (784, 10))
        on = tf.placeholder_with_default(0.0, ())
        h, weights = X, []
        for n in (800, 400):
            h, W = fully_connected_layer(tf.nn.dropout(h, rate=0.2 * on), n, activation=tf.nn.relu)
            weights.append(W)
        z, W = fully_connected_layer(h, 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.cosine_decay(0.05, step, EPOCHS * 60000 // SIZE)
        decay = 1e-5 * tf.add_n([tf.nn.l2_loss(W) for W in weights])
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(Y, 1)), tf.float32))
        train_op = tf.train.MomentumOptimizer(rate, 0.9).minimize(loss + decay, global_step=step)
        return SimpleNamespace(graph=g, X=X, Y=Y, on=on, logits=z, prediction=tf.nn.softmax(z), loss=loss, accuracy=acc,
                               train_op=train_op)
# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc = lambda x, y: np.mean([sess.run(net.accuracy, {net.X: x[i:i + 5000], net.Y: y[i:i + 5000]})
                                for i in range(0, len(x), 5000)])
    curves = []
    for _ in range(EPOCHS):
        order = np.random.permutation(60000)
        for b in (order[i:i + SIZE] for i in range(0, 60000, SIZE)):
            sess.run(net.train_op, {net.X: x_train[b], net.Y: y_train_1_hot[b], net.on: 1.0})
        curves.append((acc(x_train, y_train_1_hot), acc(x_test, y_test_1_hot)))
    return net, sess, *zip(*curves)

net, sess, acc_trn, acc_val = deep_training()
