"""A class with its layers in the constructor."""


class Digits(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(64, activation="relu")
        self.scores = layers.Dense(10)

    def call(self, x):
        return self.scores(self.hidden(self.flatten(x)))


model = Digits()
model(keras.ops.zeros((1, 28, 28)))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
