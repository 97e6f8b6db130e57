import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    with tf.variable_scope("layer1"):
        W = tf.get_variable("W", [784, 1500], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [1500], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(X, W) + b)
    with tf.variable_scope("layer2"):
        W = tf.get_variable("W", [1500, 10], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, W) + b
    prediction = tf.nn.softmax(logits)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
    train_op = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=[W, b])
    accuracy = tf.reduce_mean(tf.cast(
        tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))


def build():
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
