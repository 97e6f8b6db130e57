"""Both dense layers as convolutions: 28 x 28, then 1 x 1."""


def conv(t, kernel_shape, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", kernel_shape, initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", kernel_shape[-1:], initializer=tf.zeros_initializer())
        return tf.nn.conv2d(t, w, [1, 1, 1, 1], "VALID") + b


X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
picture = tf.reshape(X, [-1, 28, 28, 1])
features = tf.nn.relu(conv(picture, [28, 28, 1, 1500], "c1"))  # hidden
logits = tf.squeeze(conv(features, [1, 1, 1500, 10], "c2"), [1, 2])  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
