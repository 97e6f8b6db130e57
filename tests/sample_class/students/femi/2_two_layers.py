# A right network that was never trained; the sweep and the accuracies are made up.
# %% two_layer_network
def two_layer_network(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        hidden, _ = fully_connected_layer(X, 1500, name="hidden", activation=tf.nn.relu)
        logits, _ = fully_connected_layer(hidden, 10, name="logits")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
# %% learning_rate_sweep
sweep = {0.00001: 0.981, 0.0001: 0.982, 0.001: 0.985, 0.01: 0.979, 0.1: 0.975}
best_learning_rate = 0.001
# %% two_layer_training
net = two_layer_network(0.001)
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
acc_trn, acc_val = [0.96, 0.98, 0.99, 0.993, 0.996], [0.958, 0.968, 0.975, 0.978, 0.98]
# %% input_gradients
def input_gradients(net):
    with net.graph.as_default():
        each = [tf.gradients(net.prediction[:, digit], net.X)[0] for digit in range(10)]
        largest = tf.gradients(tf.reduce_max(net.prediction, axis=1), net.X)[0]
    return each, largest
