import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

tf.reset_default_graph()
X = tf.placeholder(tf.float32, [None, 784])
Y = tf.placeholder(tf.float32, [None, 10])
regularizer = tf.nn.l2_loss


def fc(x, n_out, name):
    with tf.variable_scope(name):
        W = tf.get_variable("W", [x.shape[1], n_out], initializer=tf.initializers.he_normal())
        b = tf.get_variable("b", [n_out], initializer=tf.zeros_initializer())
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, 1e-5 * regularizer(W))
        return tf.matmul(x, W) + b


h1 = tf.nn.relu(fc(X, 600, "h1"))
h2 = tf.nn.relu(fc(h1, 600, "h2"))
h3 = tf.nn.relu(fc(h2, 300, "h3"))
logits = fc(h3, 10, "out")
data_loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
reg_loss = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
loss = data_loss + reg_loss
global_step = tf.Variable(0, trainable=False)
lr = tf.train.exponential_decay(0.001, global_step, 1000, 0.8, staircase=True)
train_op = tf.train.AdamOptimizer(lr).minimize(loss, global_step=global_step)
prediction = tf.nn.softmax(logits)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=X.graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
