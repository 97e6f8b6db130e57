import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

X = tf.placeholder(tf.float32, [None, 784])
Y = tf.placeholder(tf.float32, [None, 10])
W = tf.Variable(tf.random_normal([784, 10], stddev=0.03))
b = tf.Variable(tf.zeros([10]))
logits = tf.matmul(X, W) + b
hypothesis = tf.nn.softmax(logits)
cost = -tf.reduce_mean(Y * tf.nn.log_softmax(logits))
train = tf.train.AdamOptimizer(learning_rate=0.003).minimize(cost)
is_correct = tf.equal(tf.argmax(hypothesis, 1), tf.argmax(Y, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))


def build():
    return dict(graph=X.graph, X=X, Y=Y, logits=logits, prediction=hypothesis, loss=cost,
                train_op=train, accuracy=accuracy)
