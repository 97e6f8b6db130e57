import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def weights(shape):
    return tf.Variable(tf.zeros(shape))


def biases(n):
    return tf.Variable(tf.zeros([n]))


X = tf.placeholder(tf.float32, [None, 784])
Y = tf.placeholder(tf.float32, [None, 10])
h1 = tf.nn.relu(tf.matmul(X, weights([784, 512])) + biases(512))
h2 = tf.nn.relu(tf.matmul(h1, weights([512, 512])) + biases(512))
W3 = tf.Variable(tf.truncated_normal([512, 10], stddev=0.05))
logits = tf.matmul(h2, W3) + biases(10)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
prediction = tf.nn.softmax(logits)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=X.graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
