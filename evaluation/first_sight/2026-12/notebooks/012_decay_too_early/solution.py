# notebook: 3_deep_network

# %% deep_network
N_EPOCHS = 12
BATCH = 128


def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        L1, _ = fully_connected_layer(X, 512, "L1", tf.nn.relu)
        L2, _ = fully_connected_layer(L1, 512, "L2", tf.nn.relu)
        L3, _ = fully_connected_layer(L2, 512, "L3", tf.nn.relu)
        logits, _ = fully_connected_layer(L3, 10, "L4")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
        step = tf.train.get_or_create_global_step()
        rate = tf.train.polynomial_decay(0.001, step, len(x_train) // BATCH, 0.0)
        train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)

# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    acc_trn, acc_val = train(sess, net, N_EPOCHS, mini_batch_size=BATCH)
    return net, sess, acc_trn, acc_val


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()


if ready("deep_network", "deep_training"):
    net, sess, acc_trn, acc_val = deep_training()
