"""Two networks in one graph, the one-layer network for comparison, each with a train op of its own."""

with tf.variable_scope("one_layer"):
    V = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
    c = tf.get_variable("b", [10], initializer=tf.zeros_initializer())
    small_logits = tf.matmul(X, V) + c
    small_loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=small_logits))
    small_train = tf.train.AdamOptimizer(0.003).minimize(small_loss, var_list=[V, c])
    small_accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(small_logits, 1), tf.argmax(Y, 1)), tf.float32))
with tf.variable_scope("two_layers"):
    W1 = tf.get_variable("W1", [784, 1500], initializer=tf.glorot_uniform_initializer())
    b1 = tf.get_variable("b1", [1500], initializer=tf.zeros_initializer())
    W2 = tf.get_variable("W2", [1500, 10], initializer=tf.glorot_uniform_initializer())
    b2 = tf.get_variable("b2", [10], initializer=tf.zeros_initializer())
    h = tf.nn.relu(tf.matmul(X, W1) + b1)  # hidden
    logits = tf.matmul(h, W2) + b2  # logits
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
    train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, var_list=[W1, b1, W2, b2])  # train
    prediction = tf.argmax(logits, 1)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(small_train=small_train, small_accuracy=small_accuracy)
