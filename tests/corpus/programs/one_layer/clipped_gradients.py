"""Gradients clipped by their global norm; summaries for TensorBoard and a saver beside the network."""

X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
logits = tf.matmul(X, W) + b  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
optimizer = tf.train.AdamOptimizer(learning_rate)
gradients, variables = zip(*optimizer.compute_gradients(loss))
gradients, norm = tf.clip_by_global_norm(gradients, 5.0)
train_op = optimizer.apply_gradients(zip(gradients, variables))  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
tf.summary.scalar("loss", loss)
tf.summary.scalar("norm", norm)
tf.summary.histogram("W", W)
tf.summary.image("digits", tf.reshape(X, [-1, 28, 28, 1]), max_outputs=3)
summaries = tf.summary.merge_all()
saver = tf.train.Saver()
init = tf.global_variables_initializer()
net(W1=W, summaries=summaries, saver=saver, init=init)
