import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

g = tf.Graph()
with g.as_default():
    x = tf.placeholder(tf.float32, [None, 784])
    t = tf.placeholder(tf.float32, [None, 10])
    glorot = tf.glorot_uniform_initializer()
    w1, b1 = tf.Variable(glorot([784, 512])), tf.Variable(tf.zeros([512]))
    w2, b2 = tf.Variable(glorot([512, 512])), tf.Variable(tf.zeros([512]))
    w3, b3 = tf.Variable(glorot([512, 512])), tf.Variable(tf.zeros([512]))
    w4, b4 = tf.Variable(glorot([512, 10])), tf.Variable(tf.zeros([10]))
    l1 = tf.nn.relu(tf.matmul(x, w1) + b1)
    l2 = tf.nn.relu(tf.matmul(l1, w2) + b2)
    l3 = tf.nn.relu(tf.matmul(l2, w3) + b3)
    out = tf.matmul(l1, w4) + b4
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=out))
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    prob = tf.nn.softmax(out)
    acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(prob, 1), tf.argmax(t, 1)), tf.float32))


def build():
    return dict(graph=g, X=x, Y=t, logits=out, prediction=prob, loss=loss, train_op=train,
                accuracy=acc)
