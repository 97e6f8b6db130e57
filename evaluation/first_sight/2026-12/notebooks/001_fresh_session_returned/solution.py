# notebook: 3_deep_network

# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        rate = tf.placeholder_with_default(0.001, [])
        layers = [X]
        for n in [600, 600, 600]:
            layers.append(fully_connected_layer(layers[-1], n, activation=tf.nn.relu)[0])
        logits, _ = fully_connected_layer(layers[-1], 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return SimpleNamespace(graph=graph, X=X, Y=Y, rate=rate, logits=logits, loss=loss,
                           prediction=prediction, train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    net = deep_network()
    with tf.Session(graph=net.graph) as sess:
        acc_trn, acc_val = train(sess, net, 8, mini_batch_size=128)
    sess = tf.Session(graph=net.graph)
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
