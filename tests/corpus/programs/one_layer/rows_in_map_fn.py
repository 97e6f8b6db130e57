"""One image after the other in tf.map_fn; the loss by a Keras object."""

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
W = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer())
b = tf.get_variable("b", [10], initializer=tf.zeros_initializer())


def one_image(pixels):
    return tf.tensordot(pixels, W, axes=1) + b


logits = tf.map_fn(one_image, X)  # logits
cce = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
loss = cce(Y, logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(W1=W)
