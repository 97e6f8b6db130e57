"""Highway layers: a gate decides how much of a layer's input is carried on."""


def affine(t, n, name, bias=0.0):
    W = tf.get_variable("W_" + name, [t.shape[1], n], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable("b_" + name, [n], initializer=tf.constant_initializer(bias))
    return tf.matmul(t, W) + b


y = tf.nn.relu(affine(X, 256, "in"))  # hidden
for k in range(2):
    H = tf.nn.relu(affine(y, 256, "H%d" % k))
    T = tf.sigmoid(affine(y, 256, "T%d" % k, bias=-1.0))
    y = H * T + y * (1.0 - T)
logits = affine(y, 10, "out")  # logits
