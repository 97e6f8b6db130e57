"""Focal loss on the softmax, stable log-probabilities, selu."""

gamma = 2.0
lecun = tf.initializers.lecun_normal()
W1, b1 = tf.Variable(lecun([784, 300])), tf.Variable(tf.zeros([300]))
W2, b2 = tf.Variable(lecun([300, 300])), tf.Variable(tf.zeros([300]))
W3, b3 = tf.Variable(lecun([300, 10])), tf.Variable(tf.zeros([10]))
h1 = tf.nn.selu(X @ W1 + b1)  # hidden
h2 = tf.nn.selu(h1 @ W2 + b2)  # hidden
logits = h2 @ W3 + b3  # logits
logp = tf.nn.log_softmax(logits)
p_true = tf.reduce_sum(Y * tf.exp(logp), 1)
loss = tf.reduce_mean(-tf.pow(1 - p_true, gamma) * tf.reduce_sum(Y * logp, 1))
