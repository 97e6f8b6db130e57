import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

learning_rate = 0.001
n_hidden_1, num_input, num_classes = 1500, 784, 10

X = tf.placeholder("float", [None, num_input])
Y = tf.placeholder("float", [None, num_classes])
weights = {
    'h1': tf.Variable(tf.random_normal([num_input, n_hidden_1])),
    'out': tf.Variable(tf.random_normal([n_hidden_1, num_classes])),
}
biases = {
    'b1': tf.Variable(tf.zeros([n_hidden_1])),
    'out': tf.Variable(tf.zeros([num_classes])),
}
layer_1 = tf.nn.relu(tf.matmul(X, weights['h1']) + biases['b1'])
logits = tf.matmul(layer_1, weights['out']) + biases['out']
prediction = tf.nn.softmax(logits)
loss_op = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
optimizer = tf.train.AdamOptimizer(learning_rate=learning_rate)
train_op = optimizer.minimize(loss_op)
correct_pred = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
accuracy = tf.reduce_mean(tf.cast(correct_pred, tf.float32))


def build():
    return dict(graph=X.graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss_op,
                train_op=train_op, accuracy=accuracy)
