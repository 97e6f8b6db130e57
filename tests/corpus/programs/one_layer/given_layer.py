"""The notebook's own fully_connected_layer, everything named."""

X = tf.placeholder(tf.float32, shape=(None, 784), name="X")  # images
Y = tf.placeholder(tf.float32, shape=(None, 10), name="Y")  # labels
logits, W1 = fully_connected_layer(X, 10, name="layer1")  # logits
prediction = tf.argmax(logits, axis=1, name="prediction")
with tf.name_scope("loss"):
    ce = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(Y), logits=logits)  # loss
    loss = tf.reduce_mean(ce, name="loss")
optimizer = tf.train.AdamOptimizer(learning_rate=learning_rate)
train_op = optimizer.minimize(loss, name="train")  # train
correct = tf.equal(prediction, tf.argmax(Y, axis=1))
accuracy = tf.reduce_mean(tf.cast(correct, tf.float32), name="accuracy")  # accuracy
net(W1=W1)
