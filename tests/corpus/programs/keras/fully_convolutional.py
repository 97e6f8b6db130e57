"""The classes come out of a convolution, as means over its maps."""

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(12, 5, strides=2, padding="same", activation="relu"),
        layers.Conv2D(24, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(10, 1),
        layers.GlobalAveragePooling2D(),
    ]
)
model.compile(keras.optimizers.Adam(0.01), keras.losses.CategoricalCrossentropy(from_logits=True))
