"""Two branches side by side, joined before the last layer."""

inputs = keras.Input((784,))
left = layers.Dense(32, activation="relu")(inputs)
right = layers.Dense(32, activation="tanh")(inputs)
x = layers.Concatenate()([left, right])
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
