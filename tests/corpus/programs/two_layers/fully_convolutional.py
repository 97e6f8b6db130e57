"""Both dense layers as convolutions: 28 x 28, then 1 x 1."""


def conv(t, kernel_shape, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", kernel_shape, initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", kernel_shape[-1:], initializer=tf.zeros_initializer())
        return tf.nn.conv2d(t, w, [1, 1, 1, 1], "VALID") + b


picture = tf.reshape(X, [-1, 28, 28, 1])
features = tf.nn.relu(conv(picture, [28, 28, 1, 1500], "c1"))  # hidden
logits = tf.squeeze(conv(features, [1, 1, 1500, 10], "c2"), [1, 2])  # logits
