# Two layers of 1024 and a rate that falls by a factor in each epoch.
# %% deep_network
EPOCHS, SIZE = 9, 128

def deep_network():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder("float", [None, 784])
        Y = tf.placeholder("float", [None, 10])
        keep = tf.placeholder_with_default(1.0, shape=())
        rate = tf.placeholder_with_default(0.001, shape=())
        h = X
        for n_in, n_out in ((784, 1024), (1024, 512)):
            W = tf.Variable(tf.truncated_normal([n_in, n_out], stddev=np.sqrt(2.0 / n_in)))
            b = tf.Variable(tf.zeros([n_out]))
            h = tf.nn.dropout(tf.nn.relu(tf.matmul(h, W) + b), keep_prob=keep)
        W = tf.Variable(tf.truncated_normal([512, 10], stddev=0.05))
        logits = tf.matmul(h, W) + tf.Variable(tf.zeros([10]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        same = tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))
        net = SimpleNamespace(graph=graph, X=X, Y=Y, keep=keep, rate=rate, logits=logits, prediction=tf.nn.softmax(logits),
                              loss=loss, accuracy=tf.reduce_mean(tf.cast(same, "float")))
        net.train_op = tf.train.AdamOptimizer(rate).minimize(loss)
    return net
# %% deep_training
def measure(sess, net, x, y):
    total = 0.0
    for i in range(0, len(x), 5000):
        total += 5000 * sess.run(net.accuracy, {net.X: x[i : i + 5000], net.Y: y[i : i + 5000]})
    return total / len(x)

net = deep_network()
sess = tf.Session(graph=net.graph)
with net.graph.as_default():
    sess.run(tf.global_variables_initializer())
acc_trn, acc_val = [], []
for epoch in range(EPOCHS):
    rate = 0.001 * 0.6**epoch
    index = np.random.permutation(60000)
    for i in range(0, 60000, SIZE):
        chosen = index[i : i + SIZE]
        feed = {net.X: x_train[chosen], net.Y: y_train_1_hot[chosen], net.keep: 0.7, net.rate: rate}
        sess.run(net.train_op, feed)
    acc_trn.append(measure(sess, net, x_train, y_train_1_hot))
    acc_val.append(measure(sess, net, x_test, y_test_1_hot))

def deep_training():
    return net, sess, acc_trn, acc_val
