import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

ACTIVATIONS = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu, "none": tf.identity}
CONFIG = [dict(units=1500, act="relu"), dict(units=10, act="none")]


def add_layer(inputs, in_size, out_size, activation_function=None):
    Weights = tf.Variable(tf.random_normal([in_size, out_size]) * 0.03)
    biases = tf.Variable(tf.zeros([1, out_size]) + 0.1)
    Wx_plus_b = tf.matmul(inputs, Weights) + biases
    return Wx_plus_b if activation_function is None else activation_function(Wx_plus_b)


def mse(y, p):  # tried before, not used any more
    return tf.reduce_mean(tf.square(y - p))


def build():
    with tf.Graph().as_default() as graph:
        xs = tf.placeholder(tf.float32, [None, 784])
        ys = tf.placeholder(tf.float32, [None, 10])
        net, size = xs, 784
        for layer in CONFIG:
            net = add_layer(net, size, layer["units"], ACTIVATIONS[layer["act"]])
            size = layer["units"]
        cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=ys, logits=net))
        train_step = tf.train.AdamOptimizer(0.001).minimize(cost)
        prediction = tf.nn.softmax(net)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(ys, 1)), tf.float32))
    return {"graph": graph, "X": xs, "Y": ys, "logits": net, "prediction": prediction,
            "loss": cost, "train_op": train_step, "accuracy": acc}
