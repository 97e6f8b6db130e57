import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    W1 = tf.Variable(tf.truncated_normal([784, 1500], stddev=0.05))
    W2 = tf.Variable(tf.truncated_normal([1500, 10], stddev=0.05))
    b2 = tf.Variable(tf.zeros([10]))
    hidden = tf.nn.relu(tf.matmul(X, W1))
    logits = tf.matmul(hidden, W2) + b2
    prediction = tf.nn.softmax(logits)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
    train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(
        tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
