"""A class that is told whether it trains, with layers in a list."""


class Classifier(keras.Model):
    def __init__(self, sizes, classes):
        super().__init__(name="classifier")
        self.hidden = [layers.Dense(size, activation="relu") for size in sizes]
        self.drop = layers.Dropout(0.4)
        self.out = layers.Dense(classes, activation="softmax")

    def call(self, inputs, training=False):
        x = inputs
        for layer in self.hidden:
            x = layer(x)
            x = self.drop(x, training=training)
        return self.out(x)


model = Classifier([96, 64], 10)
model(keras.ops.zeros((1, 784)))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
