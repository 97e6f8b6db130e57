import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, shape=[None, 784], name="X")
        y = tf.placeholder(tf.int32, shape=[None], name="y")
        X_reshaped = tf.reshape(X, shape=[-1, 28, 28, 1])
        conv1 = tf.keras.layers.Conv2D(32, 3, padding="same", activation="relu")(X_reshaped)
        conv2 = tf.keras.layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")(conv1)
        pool3 = tf.nn.max_pool(conv2, [1, 2, 2, 1], [1, 2, 2, 1], padding="VALID")
        pool3_flat = tf.reshape(pool3, shape=[-1, 64 * 7 * 7])
        fc1 = tf.keras.layers.Dense(64, activation="relu", name="fc1")(pool3_flat)
        logits = tf.keras.layers.Dense(10, name="output")(fc1)
        Y_proba = tf.nn.softmax(logits, name="Y_proba")
        xentropy = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=y)
        loss = tf.reduce_mean(xentropy)
        training_op = tf.train.AdamOptimizer().minimize(loss)
        correct = tf.nn.in_top_k(logits, y, 1)
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    return dict(graph=graph, X=X, Y=y, logits=logits, prediction=Y_proba, loss=loss,
                train_op=training_op, accuracy=accuracy)
