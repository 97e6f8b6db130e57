"""Batch normalisation between the product and the activation, and dropout."""

model = keras.Sequential(name="normalised")
model.add(keras.Input((784,)))
for _ in range(2):
    model.add(layers.Dense(64, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.Dropout(0.2))
model.add(layers.Dense(10))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
