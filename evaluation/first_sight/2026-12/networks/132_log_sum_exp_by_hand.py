import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()

tf.reset_default_graph()
N_PIXELS, N_CLASSES = 28 * 28, 10

images = tf.placeholder(tf.float32, [None, N_PIXELS])
labels = tf.placeholder(tf.float32, [None, N_CLASSES])
theta = tf.Variable(tf.random_uniform([N_PIXELS, N_CLASSES], -0.05, 0.05))
bias = tf.Variable(tf.zeros([N_CLASSES]))
scores = images @ theta + bias

# -log p = log(sum(exp(z))) - z_right, shifted so that exp never overflows
top = tf.stop_gradient(tf.reduce_max(scores, axis=1, keepdims=True))
log_z = tf.squeeze(top, 1) + tf.log(tf.reduce_sum(tf.exp(scores - top), axis=1))
right_score = tf.reduce_sum(labels * scores, axis=1)
nll = tf.reduce_mean(log_z - right_score)

step = tf.train.AdamOptimizer(3e-3).minimize(nll)
probs = tf.exp(scores - tf.expand_dims(log_z, 1))
hits = tf.equal(tf.argmax(scores, axis=-1), tf.argmax(labels, axis=-1))
acc = tf.reduce_mean(tf.cast(hits, tf.float32))


def build():
    return {"graph": images.graph, "X": images, "Y": labels, "logits": scores,
            "prediction": probs, "loss": nll, "train_op": step, "accuracy": acc}
