import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

x = tf.placeholder(tf.float32, [None, 784])
y_true = tf.placeholder(tf.float32, [None, 10])
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))
logits = tf.matmul(x, W) + b
y_pred = tf.nn.softmax(logits)
# clip so that log(0) never happens
cost = tf.reduce_mean(-tf.reduce_sum(y_true * tf.log(tf.clip_by_value(y_pred, 1e-10, 1.0)), axis=1))
train = tf.train.AdamOptimizer(0.003).minimize(cost)
acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(y_pred, 1), tf.argmax(y_true, 1)), tf.float32))


def build():
    return dict(graph=x.graph, X=x, Y=y_true, logits=logits, prediction=y_pred, loss=cost,
                train_op=train, accuracy=acc)
