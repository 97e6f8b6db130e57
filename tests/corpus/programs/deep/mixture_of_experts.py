"""A mixture of two experts; a softmax gate weighs their hidden layers."""


def fc(t, n, name):
    W = tf.get_variable(name + "/W", [t.shape[1], n], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable(name + "/b", [n], initializer=tf.zeros_initializer())
    return tf.nn.xw_plus_b(t, W, b)


gate = tf.nn.softmax(fc(X, 2, "gate"))
e1 = tf.nn.relu(fc(tf.nn.relu(fc(X, 256, "e1a")), 256, "e1b"))
e2 = tf.nn.relu(fc(tf.nn.relu(fc(X, 256, "e2a")), 256, "e2b"))
h = gate[:, 0:1] * e1 + gate[:, 1:2] * e2
logits = fc(h, 10, "out")  # logits
