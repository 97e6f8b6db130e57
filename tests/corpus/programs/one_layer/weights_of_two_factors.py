"""The weights are the difference of two variables, as in a network that keeps excitation and inhibition apart."""

W = tf.get_variable("plus", [784, 10], initializer=tf.glorot_uniform_initializer())
minus = tf.get_variable("minus", [784, 10], initializer=tf.zeros_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(X, W - minus) + b  # logits
p = tf.nn.softmax(logits)
loss = tf.reduce_mean(-tf.reduce_sum(Y * tf.log(tf.maximum(p, 1e-12)), axis=1))  # loss
step = tf.train.get_or_create_global_step()
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, global_step=step)  # train
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))  # accuracy
net(prediction=p, W1=W)
