"""The rows of an image one after another, in a GRU that is written out."""

inputs = keras.Input((28, 28))
x = layers.GRU(24, unroll=True)(inputs)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
