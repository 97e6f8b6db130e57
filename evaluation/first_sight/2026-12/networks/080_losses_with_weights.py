import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build(learning_rate=0.001):
    g = tf.Graph()
    with g.as_default():
        tf.set_random_seed(42)
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        batch = tf.shape(X)[0]
        he = tf.keras.initializers.HeNormal(seed=1)
        W1 = tf.Variable(he((784, 1500)))
        b1 = tf.Variable(tf.zeros(1500))
        W2 = tf.Variable(tf.keras.initializers.GlorotUniform(seed=2)((1500, 10)))
        b2 = tf.Variable(tf.zeros(10))
        hidden = tf.nn.relu(tf.matmul(X, W1) + b1)
        logits = tf.matmul(hidden, W2) + b2
        loss = tf.losses.softmax_cross_entropy(
            Y, logits, weights=tf.ones([batch]), label_smoothing=0.0,
            reduction=tf.losses.Reduction.MEAN)
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        prediction = tf.nn.softmax(logits)
        mistakes = tf.not_equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        error = tf.reduce_mean(tf.cast(mistakes, tf.float32))
        accuracy = tf.subtract(1.0, error)
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=accuracy)
