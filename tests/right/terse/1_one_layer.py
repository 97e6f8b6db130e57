# As short as can be; lists, comprehensions, a seed of its own.
# %% prepare_data
np.random.seed(7)
tf.set_random_seed(7)
x_train, x_test = [np.divide(a, 255, dtype=np.float32).reshape(len(a), 784) for a in (x_train_2d, x_test_2d)]
y_train_1_hot, y_test_1_hot = [np.array([[float(d == k) for k in range(10)] for d in y]) for y in (y_train, y_test)]
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, "fc"):
        W = tf.get_variable("W", (x.shape[1], n_output))  # Glorot's uniform distribution unless told otherwise
        h = x @ W + tf.get_variable("b", n_output, initializer=tf.zeros_initializer)
    return (activation or tf.identity)(h), W
# %% one_layer_network
def one_layer_network(learning_rate=3e-3):
    with tf.Graph().as_default() as g:
        tf.set_random_seed(7)
        X, Y = (tf.placeholder(tf.float32, (None, n)) for n in (784, 10))
        z, W1 = fully_connected_layer(X, 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z))
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(Y, 1)), tf.float32))
        return SimpleNamespace(graph=g, X=X, Y=Y, logits=z, prediction=tf.nn.softmax(z), loss=loss, accuracy=acc, W1=W1,
                               train_op=tf.train.AdamOptimizer(learning_rate).minimize(loss))
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    feed = lambda x, y: {net.X: x, net.Y: y}
    curves = []
    for _ in range(n_epochs):
        order = np.random.permutation(len(x_train))
        [sess.run(net.train_op, feed(x_train[b], y_train_1_hot[b]))
         for b in (order[i:i + mini_batch_size] for i in range(0, len(order), mini_batch_size))]
        curves.append([sess.run(net.accuracy, feed(*xy)) for xy in ((x_train, y_train_1_hot), (x_test, y_test_1_hot))])
    return tuple(zip(*curves))
