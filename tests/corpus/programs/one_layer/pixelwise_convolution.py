"""Every pixel a channel: a 1 x 1 convolution over an image of one point, squeezed; loss of tf.losses."""

inp = tf.placeholder(tf.float32, shape=(None, 784), name="inp")  # images
target = tf.placeholder(tf.float32, shape=(None, 10), name="target")  # labels
point = tf.expand_dims(tf.expand_dims(inp, 1), 1)
kernel = tf.get_variable("kernel", [1, 1, 784, 10], initializer=tf.glorot_uniform_initializer())
offset = tf.get_variable("offset", [10], initializer=tf.zeros_initializer())
maps = tf.nn.conv2d(point, kernel, strides=[1, 1, 1, 1], padding="VALID")
logits = tf.squeeze(tf.nn.bias_add(maps, offset), axis=[1, 2])  # logits
loss = tf.losses.softmax_cross_entropy(onehot_labels=target, logits=logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate=learning_rate).minimize(loss)  # train
prediction = tf.nn.softmax(logits)
hit = tf.equal(tf.argmax(prediction, axis=1), tf.argmax(target, axis=1))
accuracy = tf.reduce_mean(tf.cast(hit, tf.float32))  # accuracy
net(X=inp, Y=target, W1=kernel)
