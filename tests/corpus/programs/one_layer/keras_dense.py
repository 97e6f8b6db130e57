"""A Keras layer and a Keras loss inside the graph."""

X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
dense = tf.keras.layers.Dense(10, kernel_initializer="glorot_uniform")
logits = dense(X)  # logits
prediction = tf.argmax(logits, 1)
loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)(Y, logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
net(W1=dense.kernel.value)
