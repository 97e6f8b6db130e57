# notebook: 3_deep_network

# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        training = tf.placeholder_with_default(False, shape=[], name="training")
        rate = tf.where(training, 0.5, 0.0)
        h1, _ = fully_connected_layer(X, 1024, activation=tf.nn.relu)
        h1 = tf.nn.dropout(h1, rate=rate)
        h2, _ = fully_connected_layer(h1, 1024, activation=tf.nn.relu)
        h2 = tf.nn.dropout(h2, rate=rate)
        logits, _ = fully_connected_layer(h2, 10)
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
        counter = tf.train.get_or_create_global_step()
        lr = tf.train.polynomial_decay(0.001, counter, 14 * 469, 0.0)
        train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=counter)
    return SimpleNamespace(graph=graph, X=X, Y=Y, training=training, logits=logits,
                           prediction=prediction, loss=loss, train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, 14, mini_batch_size=128)
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
