import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

x = tf.placeholder(tf.float32, [None, 784])
y_ = tf.placeholder(tf.float32, [None, 10])
W1 = tf.Variable(tf.zeros([784, 1500]))
b1 = tf.Variable(tf.zeros([1500]))
W2 = tf.Variable(tf.zeros([1500, 10]))
b2 = tf.Variable(tf.zeros([10]))
h = tf.nn.relu(tf.matmul(x, W1) + b1)
y = tf.matmul(h, W2) + b2
cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))
train_step = tf.train.AdamOptimizer(0.001).minimize(cross_entropy)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1)), tf.float32))


def build():
    return dict(graph=x.graph, X=x, Y=y_, logits=y, prediction=tf.nn.softmax(y),
                loss=cross_entropy, train_op=train_step, accuracy=accuracy)
