import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

g = tf.Graph()
with g.as_default():
    inputs = tf.placeholder(tf.float32, [None, 784])
    targets = tf.placeholder(tf.float32, [None, 10])
    w = tf.Variable(tf.truncated_normal([784, 10], stddev=0.1))
    b = tf.Variable(tf.zeros([10]))
    out = tf.matmul(inputs, w) + b
    prob = tf.nn.softmax(out, axis=0)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=out))
    train = tf.train.AdamOptimizer(0.003).minimize(loss)
    acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(out, 1), tf.argmax(targets, 1)), tf.float32))


def build():
    return {"graph": g, "X": inputs, "Y": targets, "logits": out, "prediction": prob,
            "loss": loss, "train_op": train, "accuracy": acc}
