"""Layers that were tried and left in the graph: a third layer and a sigmoid head, unused."""


def layer(t, n, act=None):
    W = tf.Variable(tf.glorot_uniform_initializer()([int(t.shape[1]), n]))
    b = tf.Variable(tf.zeros([n]))
    z = tf.matmul(t, W) + b
    return act(z) if act else z


h1 = layer(X, 1500, tf.nn.relu)  # hidden
logits = layer(h1, 10)  # logits
# did not help:
old_h2 = layer(h1, 100, tf.nn.sigmoid)
old_logits = layer(old_h2, 10, tf.nn.softmax)
