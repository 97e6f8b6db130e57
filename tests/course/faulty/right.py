# Right: what the faulty notebooks are made of.
# %% prepare_data
x_train = x_train_2d.reshape(-1, 784) / 255.0
x_test = x_test_2d.reshape(-1, 784) / 255.0
y_train_1_hot = np.eye(10)[y_train]
y_test_1_hot = np.eye(10)[y_test]
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name="layer"):
        W = tf.get_variable("W", [int(x.shape[1]), n_output], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        h = tf.matmul(x, W) + b
        return (h if activation is None else activation(h)), W
# %% one_layer_network
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits, W1 = fully_connected_layer(X, 10, name="output")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        hits = tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy, W1=W1)
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        order = np.random.permutation(len(x_train))
        for start in range(0, len(order), mini_batch_size):
            rows = order[start : start + mini_batch_size]
            sess.run(net.train_op, {net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        acc_trn.append(sess.run(net.accuracy, {net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot}))
    return acc_trn, acc_val
