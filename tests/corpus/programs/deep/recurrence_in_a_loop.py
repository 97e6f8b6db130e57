"""A recurrent network over the rows of pixels in tf.while_loop; its last state is classified."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


rows = tf.transpose(tf.reshape(X, [-1, 28, 28]), [1, 0, 2])
cell = tf.get_variable("cell", [28 + 96, 96], initializer=tf.glorot_uniform_initializer())
c = tf.get_variable("c", [96], initializer=tf.zeros_initializer())


def step(t, s):
    return t + 1, tf.tanh(tf.matmul(tf.concat([rows[t], s], 1), cell) + c)


first = tf.zeros([tf.shape(X)[0], 96])
invariants = [tf.TensorShape([]), tf.TensorShape([None, 96])]
_, state = tf.while_loop(lambda t, s: t < 28, step, [tf.constant(0), first], shape_invariants=invariants)
h = tf.nn.relu(dense(state, 128, "dense"))
logits = dense(h, 10, "out")  # logits
