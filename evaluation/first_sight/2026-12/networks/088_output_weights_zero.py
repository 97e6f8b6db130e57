import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

IMAGE_PIXELS = 784


def inference(images, hidden1_units):
    with tf.name_scope('hidden1'):
        weights = tf.Variable(
            tf.truncated_normal([IMAGE_PIXELS, hidden1_units],
                                stddev=1.0 / float(IMAGE_PIXELS) ** 0.5), name='weights')
        biases = tf.Variable(tf.zeros([hidden1_units]), name='biases')
        hidden1 = tf.nn.relu(tf.matmul(images, weights) + biases)
    with tf.name_scope('softmax_linear'):
        weights = tf.Variable(tf.zeros([hidden1_units, 10]), name='weights')
        biases = tf.Variable(tf.zeros([10]), name='biases')
        logits = tf.matmul(hidden1, weights) + biases
    return logits


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, IMAGE_PIXELS])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits = inference(X, 1500)
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits), name='xentropy_mean')
        train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
        correct = tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))
        return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=tf.nn.softmax(logits),
                    loss=loss, train_op=train_op,
                    accuracy=tf.reduce_mean(tf.cast(correct, tf.float32)))
