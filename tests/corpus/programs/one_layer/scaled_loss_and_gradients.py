"""Loss scaling as for half precision: the gradient of 128 times the loss, divided by 128 again."""

SCALE = 128.0


W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(X, W) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
adam = tf.train.AdamOptimizer(learning_rate)
pairs = adam.compute_gradients(loss * SCALE)  # train
train_op = adam.apply_gradients([(g / SCALE, v) for g, v in pairs])
prediction = tf.argmax(logits, 1)
hits = tf.reduce_sum(tf.one_hot(prediction, 10) * Y)
accuracy = hits / tf.cast(tf.shape(X)[0], tf.float32)  # accuracy
net(W1=W)
