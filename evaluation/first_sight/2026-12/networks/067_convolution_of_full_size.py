import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        images = tf.reshape(X, [-1, 28, 28, 1])
        filters = tf.Variable(tf.truncated_normal([28, 28, 1, 10], stddev=0.02))
        bias = tf.Variable(tf.zeros([10]))
        # the filter is as large as the image, so this is a fully connected layer
        maps = tf.nn.conv2d(images, filters, strides=[1, 1, 1, 1], padding="VALID")
        logits = tf.squeeze(maps, axis=[1, 2]) + bias
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, axis=1), tf.argmax(Y, axis=1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
