# Dropout is never switched off.
# %% deep_network
def deep_network():
    """Two hidden layers with dropout, then ten neurons."""
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        hidden, _ = fully_connected_layer(X, 200, name="layer_1", activation=tf.nn.relu)
        hidden = tf.nn.dropout(hidden, rate=0.3)
        hidden, _ = fully_connected_layer(hidden, 100, name="layer_2", activation=tf.nn.relu)
        hidden = tf.nn.dropout(hidden, rate=0.3)
        logits, _ = fully_connected_layer(hidden, 10, name="layer_3")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(0.002).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 4, mini_batch_size=100)
    return net, sess, acc_trn, acc_val


net, sess, acc_trn, acc_val = deep_training()
# %% markdown what_helped
# | Dropout made the training accuracy lower than the test accuracy, which is good, I think.
