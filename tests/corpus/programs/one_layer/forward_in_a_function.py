"""Forward pass and loss inside tf.function, on resource variables."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
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
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(W1=W)
