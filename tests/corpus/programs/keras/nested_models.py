"""A model inside of another."""

body = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(64, activation="relu", name="first"),
        layers.Dense(48, activation="relu", name="second"),
    ],
    name="body",
)
inputs = keras.Input((28, 28))
x = body(layers.Reshape((784,))(inputs))
outputs = layers.Dense(10, name="head")(x)
model = keras.Model(inputs, outputs, name="whole")
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
