"""A layer that is written by hand, with its weights."""


class Linear(layers.Layer):
    def __init__(self, units, relu=False, **kwargs):
        super().__init__(**kwargs)
        self.units, self.relu = units, relu

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform", name="w")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

    def call(self, x):
        z = ops.matmul(x, self.w) + self.b
        return ops.maximum(z, 0.0) if self.relu else z


model = keras.Sequential([keras.Input((784,)), Linear(64, relu=True, name="first"), Linear(10, name="last")])
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
