import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, [None, 784])
    Y = tf.placeholder(tf.float32, [None, 10])
    # one row of weights per digit
    W = tf.Variable(tf.random_uniform([10, 784], minval=-0.01, maxval=0.01))
    b = tf.Variable([0.0] * 10)
    logits = tf.matmul(X, W, transpose_b=True) + b
    e = tf.exp(logits - tf.reduce_max(logits, axis=1, keepdims=True))
    prediction = e / tf.reduce_sum(e, axis=1, keepdims=True)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
    train_op = tf.train.AdamOptimizer().minimize(loss)
    p_right = tf.reduce_sum(prediction * Y, axis=1)
    p_best = tf.reduce_max(prediction, axis=1)
    accuracy = tf.reduce_mean(tf.cast(p_right >= p_best, tf.float32))


def build():
    return {k: globals()[k] for k in
            ["graph", "X", "Y", "logits", "prediction", "loss", "train_op", "accuracy"]}
