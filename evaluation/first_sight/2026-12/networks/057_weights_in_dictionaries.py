import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

# Parameters
learning_rate = 0.001
# Network Parameters
n_hidden_1 = 1500
n_input = 784
n_classes = 10

X = tf.placeholder("float", [None, n_input])
Y = tf.placeholder("float", [None, n_classes])

weights = {
    'h1': tf.Variable(tf.random_normal([n_input, n_hidden_1], stddev=0.05)),
    'out': tf.Variable(tf.random_normal([n_hidden_1, n_classes], stddev=0.05)),
}
biases = {
    'b1': tf.Variable(tf.zeros([n_hidden_1])),
    'out': tf.Variable(tf.zeros([n_classes])),
}


def multilayer_perceptron(x):
    layer_1 = tf.nn.relu(tf.add(tf.matmul(x, weights['h1']), biases['b1']))
    return tf.matmul(layer_1, weights['out']) + biases['out']


logits = multilayer_perceptron(X)
loss_op = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss_op)
pred = tf.nn.softmax(logits)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), "float"))


def build():
    return {"graph": tf.get_default_graph(), "X": X, "Y": Y, "logits": logits,
            "prediction": pred, "loss": loss_op, "train_op": train_op, "accuracy": accuracy}
