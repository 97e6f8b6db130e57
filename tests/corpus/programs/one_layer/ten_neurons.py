"""Ten neurons, each with weights and a bias of its own, put side by side."""

columns, neurons = [], []
for digit in range(10):
    w = tf.Variable(tf.random_uniform([784, 1], -0.087, 0.087), name="w%d" % digit)
    b = tf.Variable(0.0, name="b%d" % digit)
    columns.append(w)
    neurons.append(tf.matmul(X, w) + b)
logits = tf.concat(neurons, axis=1)  # logits
W1 = tf.concat(columns, axis=1)
net(W1=W1)
