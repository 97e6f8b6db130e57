"""The digit as a number, by convolutions and the mean absolute error."""

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.1),
        layers.Dense(1),
    ]
)
model.compile(optimizer="adam", loss=keras.losses.MeanAbsoluteError())
