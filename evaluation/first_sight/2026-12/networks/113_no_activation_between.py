import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

n_hidden_1 = 1500
X = tf.placeholder("float", [None, 784])
Y = tf.placeholder("float", [None, 10])
weights = {
    'h1': tf.Variable(tf.random_normal([784, n_hidden_1], stddev=0.05)),
    'out': tf.Variable(tf.random_normal([n_hidden_1, 10], stddev=0.05)),
}
biases = {
    'b1': tf.Variable(tf.zeros([n_hidden_1])),
    'out': tf.Variable(tf.zeros([10])),
}


def neural_net(x):
    # Hidden fully connected layer with 1500 neurons
    layer_1 = tf.add(tf.matmul(x, weights['h1']), biases['b1'])
    # Output fully connected layer with a neuron for each class
    return tf.matmul(layer_1, weights['out']) + biases['out']


logits = neural_net(X)
prediction = tf.nn.softmax(logits)
loss_op = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
train_op = tf.train.AdamOptimizer(learning_rate=0.001).minimize(loss_op)
correct_pred = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
accuracy = tf.reduce_mean(tf.cast(correct_pred, tf.float32))


def build():
    return {"graph": X.graph, "X": X, "Y": Y, "logits": logits, "prediction": prediction,
            "loss": loss_op, "train_op": train_op, "accuracy": accuracy}
