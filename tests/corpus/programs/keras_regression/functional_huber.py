"""The digit as a number: two hidden layers and Huber's loss."""

inputs = keras.Input((28, 28))
x = layers.Flatten()(inputs)
x = layers.Dense(64, activation="relu")(x)
x = layers.Dense(32, activation="relu")(x)
outputs = layers.Dense(1, name="number")(x)
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.Adam(0.002), keras.losses.Huber(delta=1.0))
