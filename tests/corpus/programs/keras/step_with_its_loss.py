"""The step of training and its loss are written by hand; compile is given the optimizer alone."""


class Trained(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.scores = layers.Dense(10)

    def call(self, x):
        h = self.hidden(x)
        return self.scores(h)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            z = self(x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=z))  # loss
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables))
        return {"loss": loss}


model = Trained()
model(keras.ops.zeros((1, 784)))
model.compile(optimizer=keras.optimizers.Adam(0.001))
