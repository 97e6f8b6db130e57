"""Keras layers with LayerNormalization and swish."""

layers = tf.keras.layers
X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
t = layers.Dense(400)(X)
t = layers.LayerNormalization()(t)
t = tf.nn.swish(t)  # hidden
t = layers.Dense(400)(t)
t = layers.LayerNormalization()(t)
t = tf.nn.swish(t)  # hidden
logits = layers.Dense(10)(t)  # logits
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss
train_op = tf.train.RMSPropOptimizer(0.001).minimize(loss)  # train
