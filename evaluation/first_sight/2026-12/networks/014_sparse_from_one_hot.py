import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def inference(images):
    weights = tf.get_variable("weights", [784, 10], initializer=tf.initializers.glorot_normal())
    biases = tf.get_variable("biases", [10], initializer=tf.constant_initializer(0.0))
    return tf.matmul(images, weights) + biases


def loss_fn(logits, digit):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digit, logits=logits)
    return tf.reduce_mean(losses, name="xentropy_mean")


def training(loss, learning_rate):
    optimizer = tf.train.AdamOptimizer(learning_rate)
    global_step = tf.Variable(0, name="global_step", trainable=False)
    return optimizer.minimize(loss, global_step=global_step)


def evaluation(logits, digit):
    correct = tf.nn.in_top_k(logits, digit, 1)
    return tf.reduce_mean(tf.cast(correct, tf.float32))


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        digit = tf.argmax(Y, axis=1, output_type=tf.int32)
        logits = inference(X)
        loss = loss_fn(logits, digit)
        train_op = training(loss, 0.003)
        accuracy = evaluation(logits, digit)
        return {"graph": graph, "X": X, "Y": Y, "logits": logits,
                "prediction": tf.nn.softmax(logits), "loss": loss, "train_op": train_op,
                "accuracy": accuracy}
