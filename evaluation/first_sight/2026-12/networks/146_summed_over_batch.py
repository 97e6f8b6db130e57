import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
tf.reset_default_graph()

X = tf.placeholder(tf.float32, [None, 784])
Y = tf.placeholder(tf.float32, [None, 10])
weights = tf.Variable(tf.random_normal([784, 10], stddev=0.01))
biases = tf.Variable(tf.zeros([10]))
model = tf.matmul(X, weights) + biases
error = tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=model)
cost = tf.reduce_sum(error)
optimizer = tf.train.AdamOptimizer(0.003).minimize(cost)
hit = tf.equal(tf.argmax(model, 1), tf.argmax(Y, 1))
accuracy = tf.reduce_mean(tf.cast(hit, tf.float32))


def build():
    return {"graph": X.graph, "X": X, "Y": Y, "logits": model, "prediction": tf.nn.softmax(model),
            "loss": cost, "train_op": optimizer, "accuracy": accuracy}
