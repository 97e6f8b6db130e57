"""A Keras model called twice: with training=True for the loss, without for everything that is looked at."""

K = tf.keras.layers
X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
model = tf.keras.Sequential(
    [
        K.Dense(512, activation="relu"),
        K.Dropout(0.2),
        K.Dense(512, activation="relu"),
        K.Dropout(0.2),
        K.Dense(10),
    ]
)
noisy = model(X, training=True)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=noisy))  # loss
train_op = tf.train.AdamOptimizer(0.001).minimize(loss)  # train
logits = model(X, training=False)  # logits
