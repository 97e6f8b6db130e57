"""Losses that layers add: of what they put out, and of their weights."""


class Penalty(layers.Layer):
    def call(self, x):
        self.add_loss(1e-4 * ops.mean(ops.square(x)))
        return x


inputs = keras.Input((784,))
x = layers.Dense(64, activation="relu", activity_regularizer="l2")(inputs)
x = Penalty()(x)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
