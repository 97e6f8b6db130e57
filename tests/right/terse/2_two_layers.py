# As short as can be.
# %% two_layer_network
def two_layer_network(learning_rate=1e-3):
    with tf.Graph().as_default() as g:
        tf.set_random_seed(7)
        X, Y = (tf.placeholder(tf.float32, (None, n)) for n in (784, 10))
        z, _ = fully_connected_layer(fully_connected_layer(X, 1500, activation=tf.nn.relu)[0], 10)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=z))
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(Y, 1)), tf.float32))
        return SimpleNamespace(graph=g, X=X, Y=Y, logits=z, prediction=tf.nn.softmax(z), loss=loss, accuracy=acc,
                               train_op=tf.train.AdamOptimizer(learning_rate).minimize(loss))
# %% learning_rate_sweep
def at(rate, n_steps=240):
    net = two_layer_network(rate)
    with tf.Session(graph=net.graph) as s:
        short_training(s, net, n_steps=n_steps)
        return s.run(net.accuracy, {net.X: x_test, net.Y: y_test_1_hot})

def learning_rate_sweep():
    sweep = {r: at(r) for r in (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)}
    return sweep, max(sweep, key=sweep.get)

sweep, best_learning_rate = learning_rate_sweep()
# %% two_layer_training
net = two_layer_network(1e-3)
sess = tf.Session(graph=net.graph)
acc_trn, acc_val = train(sess, net, 5, 150)
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        g = lambda y: tf.gradients(y, net.X)[0]
        return [g(net.prediction[:, k]) for k in range(10)], g(tf.reduce_max(net.prediction, 1))
# %% markdown gradients_meaning
# | The largest output is one of the ten. Pixels that make a digit likelier make another one less likely.
