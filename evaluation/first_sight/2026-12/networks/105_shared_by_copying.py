import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

n = 512
X = tf.placeholder("float", [None, 784])
Y = tf.placeholder("float", [None, 10])
weights = {
    'h1': tf.Variable(tf.truncated_normal([784, n], stddev=0.05)),
    'h2': tf.Variable(tf.truncated_normal([n, n], stddev=0.06)),
    'h3': tf.Variable(tf.truncated_normal([n, n], stddev=0.06)),
    'out': tf.Variable(tf.truncated_normal([n, 10], stddev=0.06)),
}
biases = {k: tf.Variable(tf.zeros([10 if k == 'out' else n])) for k in weights}

layer_1 = tf.nn.relu(tf.add(tf.matmul(X, weights['h1']), biases['h1']))
layer_2 = tf.nn.relu(tf.add(tf.matmul(layer_1, weights['h2']), biases['h2']))
layer_3 = tf.nn.relu(tf.add(tf.matmul(layer_2, weights['h2']), biases['h2']))
logits = tf.matmul(layer_3, weights['out']) + biases['out']

loss_op = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y))
global_step = tf.Variable(0, trainable=False)
rate = tf.train.polynomial_decay(0.001, global_step, 9380, 0.0)
train_op = tf.train.AdamOptimizer(rate).minimize(loss_op, global_step=global_step)
pred = tf.nn.softmax(logits)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=X.graph, X=X, Y=Y, logits=logits, prediction=pred, loss=loss_op,
                train_op=train_op, accuracy=accuracy)
