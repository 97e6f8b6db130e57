"""A functional Keras model called on the placeholder."""

from tensorflow.keras import Input, Model, layers


inputs = Input(shape=(784,))
t = layers.Dense(1500)(inputs)
t = layers.Activation("relu")(t)
outputs = layers.Dense(10, name="scores")(t)
model = Model(inputs, outputs)

X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
logits = model(X)  # logits
labels = tf.argmax(Y, 1)
loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)  # loss
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, labels), tf.float32))  # accuracy
