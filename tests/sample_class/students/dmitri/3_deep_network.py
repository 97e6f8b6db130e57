# Two layers where three were asked for, and a softmax too many.
# %% deep_network
def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h, _ = fully_connected_layer(X, 256, "first", tf.nn.relu)
        logits, _ = fully_connected_layer(h, 10, "second")
        p = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=p))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
        step = tf.train.AdamOptimizer(0.002).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=step, accuracy=accuracy)
# %% deep_training
def deep_training():
    net = deep_network()
    sess = tf.Session(graph=net.graph)
    return (net, sess, *train(sess, net, 5, 200))


net, sess, acc_trn, acc_val = deep_training()
