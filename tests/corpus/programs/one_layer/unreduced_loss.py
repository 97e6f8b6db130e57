"""The optimizer is given the vector of losses, one for each row."""

W = tf.get_variable("W", [784, 10], initializer=tf.keras.initializers.GlorotUniform())
b = tf.get_variable("b", [10], initializer=tf.keras.initializers.Zeros())
logits = tf.nn.bias_add(X @ W, b)  # logits
loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits)  # loss
net(W1=W)
