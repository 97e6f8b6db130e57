"""The notebook's fully_connected_layer, twice."""

X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
h, W1 = fully_connected_layer(X, 1500, name="hidden", activation=tf.nn.relu)  # hidden
logits, W2 = fully_connected_layer(h, 10, name="output")  # logits
prediction = tf.argmax(logits, axis=1)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
net(W1=W1, W2=W2)
