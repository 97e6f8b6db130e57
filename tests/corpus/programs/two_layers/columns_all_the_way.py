"""Columns are images from the first layer to the loss, which is taken along axis 0."""

A0 = tf.transpose(X)
W1 = tf.get_variable("W1", [1500, 784], initializer=tf.glorot_uniform_initializer())
b1 = tf.get_variable("b1", [1500, 1], initializer=tf.zeros_initializer())
W2 = tf.get_variable("W2", [10, 1500], initializer=tf.glorot_uniform_initializer())
b2 = tf.get_variable("b2", [10, 1], initializer=tf.zeros_initializer())
A1 = tf.nn.relu(tf.matmul(W1, A0) + b1)  # hidden
Z2 = tf.matmul(W2, A1) + b2  # logits
cost = tf.reduce_mean(  # loss
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.transpose(Y), logits=Z2, axis=0)
)
optimizer = tf.train.AdamOptimizer(learning_rate).minimize(cost)  # train
prediction = tf.argmax(Z2, axis=0)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, axis=1)), tf.float32))  # accuracy
net(logits=tf.transpose(Z2), loss=cost, train_op=optimizer)
