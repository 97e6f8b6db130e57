"""A small residual network for images."""

inputs = keras.Input((28, 28, 1))
x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
h = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
h = layers.Conv2D(8, 3, padding="same")(h)
x = layers.Add()([x, h])
x = layers.ReLU()(x)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Nadam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
