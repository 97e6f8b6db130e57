"""Forward pass and loss inside tf.function, on resource variables."""

W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer(), use_resource=True)
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer(), use_resource=True)


@tf.function
def forward(images):
    return tf.matmul(images, W) + b


@tf.function
def cost(labels, scores):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=scores))


logits = forward(X)  # logits
loss = cost(Y, logits)  # loss
net(W1=W)
