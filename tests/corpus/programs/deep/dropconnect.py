"""Half of the weights are left out at random in training, by a mask on the weights."""


def dense(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


share = tf.placeholder_with_default(1.0, [], name="share")


def layer(x, n, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[-1], n], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
    mask = tf.floor(share + tf.random_uniform(tf.shape(w)))
    return x @ (w * mask / share) + b


h1 = tf.nn.relu(layer(X, 500, "h1"))  # hidden
h2 = tf.nn.relu(layer(h1, 500, "h2"))  # hidden
logits = dense(h2, 10, "out")  # logits
net(eval_feed={share: 1.0})
