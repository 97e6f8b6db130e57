"""The rate is a variable, the steps are counted, gradients are computed and applied in two calls."""

rate = tf.Variable(learning_rate, trainable=False, dtype=tf.float32)
counter = tf.train.get_or_create_global_step()
W = tf.Variable(tf.initializers.glorot_uniform()([784, 10]), name="W")
b = tf.Variable([0.0] * 10, name="b")
logits = tf.matmul(X, W) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
opt = tf.train.AdamOptimizer(rate)
grads = opt.compute_gradients(loss)
train_op = opt.apply_gradients(grads, global_step=counter)  # train
net(W1=W)
