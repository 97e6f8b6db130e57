import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.glorot_uniform_initializer()((784, 1500)))
        b1 = tf.Variable(tf.zeros([1500]))
        features = tf.nn.relu(tf.matmul(X, W1) + b1)
        features = tf.stop_gradient(features, name="features")
        W2 = tf.Variable(tf.glorot_uniform_initializer()((1500, 10)))
        b2 = tf.Variable(tf.zeros([10]))
        logits = tf.matmul(features, W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        pred = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=pred, loss=loss,
                train_op=train_op, accuracy=acc)
