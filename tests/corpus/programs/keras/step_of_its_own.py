"""The step of training is written by hand, with a tape."""


class Trained(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            z = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=z)  # loss
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, z)
        return {metric.name: metric.result() for metric in self.metrics}


inputs = keras.Input((784,))
h = layers.Dense(64, activation="relu")(inputs)
h = layers.Dropout(0.2)(h)
model = Trained(inputs, layers.Dense(10)(h))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
