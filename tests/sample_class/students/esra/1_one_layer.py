# The loop feeds the same minibatch again and again.
# %% prepare_data
x_train = x_train_2d.reshape(-1, 784).astype(np.float32) / 255
x_test = x_test_2d.reshape(-1, 784).astype(np.float32) / 255
y_train_1_hot = np.eye(10, dtype=np.float32)[y_train]
y_test_1_hot = np.eye(10, dtype=np.float32)[y_test]
# %% fully_connected_layer
def fully_connected_layer(x, n_output, name=None, activation=None):
    """A fully connected layer; returns its output h and its weights W."""
    with tf.variable_scope(name, default_name="layer"):
        n_input = int(x.get_shape()[1])
        W = tf.get_variable("W", [n_input, n_output], tf.float32, tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n_output], tf.float32, tf.zeros_initializer())
        h = tf.matmul(x, W) + b
        if activation is not None:
            h = activation(h)
        return h, W
# %% one_layer_network
from types import SimpleNamespace

def one_layer_network(learning_rate=0.003):
    """784 inputs, 10 outputs, softmax cross-entropy, Adam."""
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        logits, W1 = fully_connected_layer(X, 10, name="layer1")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy, W1=W1)
# %% train
def train(sess, net, n_epochs, mini_batch_size=64):
    """Train and return the accuracy on all of train and of test after each epoch."""
    with net.graph.as_default():
        sess.run(tf.global_variables_initializer())
    n = len(x_train)
    acc_trn, acc_val = [], []
    for epoch in range(n_epochs):
        order = np.random.permutation(n)
        for start in range(0, n, mini_batch_size):
            rows = order[:mini_batch_size]
            sess.run(net.train_op, feed_dict={net.X: x_train[rows], net.Y: y_train_1_hot[rows]})
        acc_trn.append(sess.run(net.accuracy, feed_dict={net.X: x_train, net.Y: y_train_1_hot}))
        acc_val.append(sess.run(net.accuracy, feed_dict={net.X: x_test, net.Y: y_test_1_hot}))
        print(f"epoch {epoch + 1}: train {acc_trn[-1]:.4f}, test {acc_val[-1]:.4f}")
    return acc_trn, acc_val
