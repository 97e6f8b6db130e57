"""Layers that were tried and left in the graph: a third layer and a sigmoid head, unused."""


def layer(t, n, act=None):
    W = tf.Variable(tf.glorot_uniform_initializer()([int(t.shape[1]), n]))
    b = tf.Variable(tf.zeros([n]))
    z = tf.matmul(t, W) + b
    return act(z) if act else z


X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
h1 = layer(X, 1500, tf.nn.relu)  # hidden
logits = layer(h1, 10)  # logits
# did not help:
old_h2 = layer(h1, 100, tf.nn.sigmoid)
old_logits = layer(old_h2, 10, tf.nn.softmax)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy
