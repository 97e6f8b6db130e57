"""Two layers, written as functions of tensors."""

inputs = keras.Input(shape=(784,))
h = layers.Dense(64, activation="relu")(inputs)
outputs = layers.Dense(10, activation="softmax")(h)
model = keras.Model(inputs, outputs, name="two_layers")
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
