"""xw_plus_b, and the sparse loss on the argmax of one-hot labels."""

X = tf.placeholder("float", [None, 784])  # images
Y = tf.placeholder("float", [None, 10])  # labels
digits = tf.argmax(Y, axis=-1, output_type=tf.int32)
W1 = tf.get_variable("weights", shape=[784, 10], initializer=tf.glorot_uniform_initializer())
biases = tf.get_variable("biases", shape=[10], initializer=tf.zeros_initializer())
logits = tf.nn.xw_plus_b(X, W1, biases)  # logits
prediction = tf.argmax(logits, axis=-1, output_type=tf.int32)
each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digits, logits=logits)  # loss
loss = tf.reduce_sum(each) / tf.cast(tf.size(each), tf.float32)
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
hits = tf.count_nonzero(tf.equal(prediction, digits))
accuracy = tf.cast(hits, tf.float32) / tf.cast(tf.size(digits), tf.float32)  # accuracy
net(W1=W1)
