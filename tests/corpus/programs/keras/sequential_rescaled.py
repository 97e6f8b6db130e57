"""Images are scaled inside of the model; activations are layers of their own."""

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Rescaling(2.0, offset=-1.0),
        layers.Flatten(),
        layers.Dense(64),
        layers.Activation("relu"),
        layers.Dense(32),
        layers.ReLU(),
        layers.Dense(10),
        layers.Softmax(),
    ]
)
model.compile(optimizer="rmsprop", loss=keras.losses.CategoricalCrossentropy())
