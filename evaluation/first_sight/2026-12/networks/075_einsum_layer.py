import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
g = tf.Graph()
with g.as_default():
    X = tf.placeholder(tf.float32, [None, 784], "X")
    Y = tf.placeholder(tf.float32, [None, 10], "Y")
    W = tf.get_variable("W", [784, 10], initializer=tf.keras.initializers.GlorotUniform())
    b = tf.get_variable("b", [10], initializer=tf.keras.initializers.Zeros())
    logits = tf.einsum("np,pd->nd", X, W) + b
    n = tf.cast(tf.shape(X)[0], tf.float32)
    ce = tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits)
    loss = tf.reduce_sum(ce) / n
    optimiser = tf.train.AdamOptimizer(0.003)
    grads = optimiser.compute_gradients(loss)
    train_step = optimiser.apply_gradients(grads)
    prediction = tf.nn.softmax(logits, axis=1)
    n_right = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    accuracy = n_right / n


def build():
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_step, accuracy=accuracy)
