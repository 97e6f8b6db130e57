"""Layers are added in a loop, with penalties on the weights and starts by name."""

model = keras.Sequential([keras.Input((784,))])
for units in (64, 48, 32):
    model.add(
        layers.Dense(
            units,
            activation="elu",
            kernel_initializer="he_normal",
            kernel_regularizer=regularizers.L2(1e-4),
        )
    )
model.add(layers.Dense(10))
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
