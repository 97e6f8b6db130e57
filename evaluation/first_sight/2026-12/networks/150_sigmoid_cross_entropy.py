import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, [None, 784], name="X")
    Y = tf.placeholder(tf.float32, [None, 10], name="Y")
    W = tf.Variable(tf.zeros([784, 10]), name="W")
    b = tf.Variable(tf.zeros([10]), name="b")
    logits = tf.add(tf.matmul(X, W), b, name="logits")
    prediction = tf.nn.softmax(logits, name="prediction")
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=Y, logits=logits)
    loss = tf.reduce_mean(tf.reduce_sum(entropy, axis=1), name="loss")
    train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
    accuracy = tf.reduce_mean(
        tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32), name="accuracy")


def build():
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
