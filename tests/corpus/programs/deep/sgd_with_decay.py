"""Plain gradient descent with inverse time decay and weight decay as an L2 term."""

l2 = lambda w: 1e-5 * tf.reduce_sum(tf.square(w))
with tf.variable_scope("mlp", regularizer=l2):
    W1 = tf.get_variable("W1", [784, 512], initializer=tf.glorot_normal_initializer())
    W2 = tf.get_variable("W2", [512, 512], initializer=tf.glorot_normal_initializer())
    W3 = tf.get_variable("W3", [512, 10], initializer=tf.glorot_normal_initializer())
b1, b2, b3 = [tf.Variable(tf.zeros([n])) for n in (512, 512, 10)]
h1 = tf.nn.relu(X @ W1 + b1)  # hidden
h2 = tf.nn.relu(h1 @ W2 + b2)  # hidden
logits = h2 @ W3 + b3  # logits
data_loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
loss = data_loss + tf.losses.get_regularization_loss()
step = tf.train.get_or_create_global_step()
rate = tf.train.inverse_time_decay(0.3, step, 3000, 1.0)
train_op = tf.train.GradientDescentOptimizer(rate).minimize(loss, step)  # train
