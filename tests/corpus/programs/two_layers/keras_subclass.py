"""A Keras model by subclassing, called on a placeholder; a Keras loss and the optimizer of tf.train."""


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.flat = tf.keras.layers.Flatten()
        self.fc1 = tf.keras.layers.Dense(1500)
        self.act = tf.keras.layers.Activation("relu")
        self.fc2 = tf.keras.layers.Dense(10)

    def call(self, x):
        return self.fc2(self.act(self.fc1(self.flat(x))))


net = Net()
logits = net(X)  # logits
loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(Y, logits, from_logits=True))  # loss
weights = [v.value for v in net.trainable_variables]
train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss, var_list=weights)  # train
prediction = tf.argmax(logits, 1)
accuracy = tf.reduce_mean(tf.keras.metrics.categorical_accuracy(Y, logits))  # accuracy
