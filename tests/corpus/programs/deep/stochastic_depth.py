"""Residual blocks left out at random in training; gelu by its tanh formula; noise on the input."""


def gelu(x):
    return 0.5 * x * (1 + tf.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


train = tf.placeholder(tf.bool, ())
f = tf.cast(train, tf.float32)
x = X + f * tf.random_normal(tf.shape(X), stddev=0.05)
h, _ = fully_connected_layer(x, 256, "first")
h = gelu(h)  # hidden
for i in range(3):
    branch, _ = fully_connected_layer(h, 256, "block%d" % i)
    survive = tf.cast(tf.random_uniform([]) < 0.8, tf.float32)
    h = h + gelu(branch) * (f * survive / 0.8 + (1 - f))
logits, _ = fully_connected_layer(h, 10, "last")  # logits
net(eval_feed={train: False})
